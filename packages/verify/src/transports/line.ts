import { WebSocket } from 'ws';
import { OPEN_MS } from './transport.js';

/** A connection at the line transport: text both ways. */
export interface LineTransport {
  say(line: string): void;
  close(): void;
}

/** Callbacks of the line transport. `closed` is called once, and nothing after it. */
export interface LineHooks {
  line(text: string): void;
  closed(): void;
}

/** Opens the line transport, in English. Rejects if it can't be opened. `silenceMs` is as at the other transports. */
export function openLine(target: { url: string; silenceMs: number }, hooks: LineHooks): Promise<LineTransport> {
  const webSocket = new WebSocket(`${target.url.replace('http', 'ws')}/`, {
    headers: { 'accept-language': 'en' },
    handshakeTimeout: OPEN_MS,
    perMessageDeflate: false,
  });
  let alive = performance.now();
  const watch = setInterval(() => {
    if (performance.now() - alive > target.silenceMs) webSocket.terminate();
  }, target.silenceMs / 8);
  webSocket.on('ping', () => (alive = performance.now()));
  webSocket.on('message', (data) => {
    alive = performance.now();
    hooks.line((data as Buffer).toString());
  });
  return new Promise((resolve, reject) => {
    let isOpen = false;
    webSocket.on('error', () => undefined);
    webSocket.on('close', (code) => {
      clearInterval(watch);
      if (isOpen) hooks.closed();
      else reject(new Error(`not opened (${code})`));
    });
    webSocket.on('open', () => {
      isOpen = true;
      resolve({ say: (line) => webSocket.send(line, () => undefined), close: () => webSocket.terminate() });
    });
  });
}
