import { once } from 'node:events';
import { WebSocket } from 'ws';
import { deferred } from './deferred.ts';
import type { Answer, Credentials, TransportClient, OutboundEvent } from './transport-client.ts';
import { Inbox } from './inbox.ts';

/** A plain WebSocket at `/ws` that speaks JSON-RPC 2.0, with what only this transport offers. */
export interface JsonRpcClient extends TransportClient {
  readonly webSocket: WebSocket;
  /** Sends any text, and resolves to the next message that is neither a notification nor the answer to a call. */
  exchange(text: string | Buffer): Promise<unknown>;
}

/** A message received from `/ws`. */
interface Message {
  id?: number | string | null;
  method?: string;
  params?: OutboundEvent['body'];
  result?: unknown;
  error?: { code: number; message: string; data: NonNullable<Answer['error']> };
}

/** Connects. A token goes into the handshake, a name into `session.start`. */
export async function connectJsonRpc(
  url: string,
  credentials: Credentials,
  headers: Record<string, string> = {},
): Promise<JsonRpcClient> {
  const bearer = credentials && 'token' in credentials ? { authorization: `Bearer ${credentials.token}` } : {};
  const webSocket = new WebSocket(`${url.replace('http', 'ws')}/ws`, { headers: { ...bearer, ...headers } });
  const events = new Inbox<OutboundEvent>();
  const { promise: closed, resolve: markClosed } = deferred();
  const calls = new Map<number, (answer: Answer) => void>();
  const strays: ((message: unknown) => void)[] = [];
  let lastId = 0;
  webSocket.on('message', (data: Buffer) => {
    const message = JSON.parse(data.toString()) as Message;
    if (message.method !== undefined) return events.push({ name: message.method, body: message.params ?? {} });
    const waiting = calls.get(message.id as number);
    if (!waiting) return strays.shift()?.(message);
    calls.delete(message.id as number);
    waiting(message.error ? { error: message.error.data } : { result: message.result });
  });
  webSocket.on('close', () => markClosed());
  webSocket.on('error', () => markClosed());
  await Promise.race([once(webSocket, 'open'), closed.then(() => Promise.reject(new Error('/ws did not open')))]);
  const client: JsonRpcClient = {
    transport: 'websocket',
    events,
    webSocket,
    closed,
    ask: (method, params) => {
      const id = ++lastId;
      webSocket.send(JSON.stringify({ jsonrpc: '2.0', id, method, ...(params !== undefined && { params }) }));
      return new Promise((resolve, reject) => {
        calls.set(id, resolve);
        void closed.then(() => reject(new Error(`/ws closed before ${method} was answered`)));
      });
    },
    exchange: (text) => {
      webSocket.send(text);
      return new Promise((resolve, reject) => {
        strays.push(resolve);
        void closed.then(() => reject(new Error('/ws closed before it answered')));
      });
    },
    close: async () => {
      webSocket.close();
      await closed;
    },
    [Symbol.asyncDispose]: () => client.close(),
  };
  if (credentials && 'name' in credentials) {
    const { error } = await client.ask('session.start', credentials);
    if (error) throw new Error(`session.start: ${error.message}`);
  } else if (credentials) {
    const { error } = await client.ask('session.get', {});
    if (error) throw new Error(`session.get: ${error.message}`);
  }
  return client;
}
