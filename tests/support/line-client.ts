import { once } from 'node:events';
import { WebSocket } from 'ws';
import { deferred } from './deferred.ts';
import { Inbox } from './inbox.ts';

/** A WebSocket at `/`, with lines of text in both directions. */
export interface LineClient extends AsyncDisposable {
  readonly webSocket: WebSocket;
  /** Every frame, as it was received. */
  readonly lines: Inbox<string>;
  /** The name in the greeting. */
  readonly name: string;
  readonly closed: Promise<void>;
  say(line: string): void;
  close(): Promise<void>;
}

/** Connects, and resolves once the greeting has arrived. */
export async function connectLine(url: string, headers: Record<string, string> = {}): Promise<LineClient> {
  const webSocket = new WebSocket(`${url.replace('http', 'ws')}/`, { headers });
  const lines = new Inbox<string>();
  const { promise: closed, resolve: markClosed } = deferred();
  webSocket.on('message', (data: Buffer) => lines.push(data.toString()));
  webSocket.on('close', () => markClosed());
  webSocket.on('error', () => markClosed());
  await Promise.race([
    once(webSocket, 'open'),
    closed.then(() => Promise.reject(new Error('the WebSocket at / did not open'))),
  ]);
  const greeting = await lines.first((line) => !line.startsWith('['));
  const close = async (): Promise<void> => {
    webSocket.close();
    await closed;
  };
  return {
    webSocket,
    lines,
    name: /(?:guest|손님)-\d+/.exec(greeting)?.[0] ?? '',
    closed,
    say: (line) => webSocket.send(line),
    close,
    [Symbol.asyncDispose]: close,
  };
}
