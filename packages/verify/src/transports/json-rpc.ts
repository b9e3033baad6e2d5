import type { Socket } from 'node:net';
import { WebSocket } from 'ws';
import { type Transport, type TransportHooks, type TransportTarget, OPEN_MS, Waiting } from './transport.js';

/** The transport at `/ws`: JSON-RPC 2.0 over a WebSocket. */
export function openJsonRpc(target: TransportTarget, hooks: TransportHooks): Promise<Transport> {
  const webSocket = new WebSocket(`${target.url.replace('http', 'ws')}/ws`, {
    headers: { authorization: `Bearer ${target.token}` },
    handshakeTimeout: OPEN_MS,
    perMessageDeflate: false,
  });
  const waiting = new Waiting();
  let alive = performance.now();
  const watch = setInterval(() => {
    if (!webSocket.isPaused && performance.now() - alive > target.silenceMs) webSocket.terminate();
  }, target.silenceMs / 8);
  webSocket.on('ping', () => (alive = performance.now()));
  webSocket.on('message', (data) => {
    alive = performance.now();
    const message = JSON.parse((data as Buffer).toString()) as Message;
    if (message.method !== undefined) hooks.heard(message.method, message.params ?? {});
    else if (typeof message.id === 'number') {
      waiting.settle(message.id, message.error ? { error: message.error.data } : { result: message.result ?? {} });
    }
  });
  return new Promise((resolve, reject) => {
    let isOpen = false;
    let socket: Socket | undefined;
    webSocket.on('upgrade', (response) => (socket = response.socket));
    webSocket.on('error', () => undefined);
    webSocket.on('close', (code) => {
      clearInterval(watch);
      waiting.abandon();
      if (isOpen) hooks.closed();
      else reject(new Error(`not opened (${code})`));
    });
    webSocket.on('open', () => {
      isOpen = true;
      resolve({
        call: (method, params) =>
          waiting.ask((id) => webSocket.send(JSON.stringify({ jsonrpc: '2.0', id, method, params }), () => undefined)),
        pause: () => webSocket.pause(),
        resume: () => {
          alive = performance.now();
          webSocket.resume();
        },
        bytesRead: () => socket?.bytesRead ?? 0,
        localPort: () => socket?.localPort ?? 0,
        close: () => webSocket.terminate(),
      });
    });
  });
}

interface Message {
  id?: number;
  method?: string;
  params?: Record<string, unknown>;
  result?: Record<string, unknown>;
  error?: { data: { code: string; message: string; retryAfter?: number } };
}
