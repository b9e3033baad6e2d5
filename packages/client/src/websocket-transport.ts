import { openWebSocket } from '#web-socket';
import { MadangError } from '@madang/protocol';
import { errorFrom } from './errors.js';
import { OpenCalls } from './open-calls.js';
import { Timers } from './timers.js';
import type { OpenTransport } from './transport.js';

/** The close code for a token or session that the server doesn't know. */
const UNAUTHENTICATED = 4401;

/** After this long without data from the server, it is pinged, in ms. */
const QUIET_MS = 25_000;

/** If it doesn't answer the ping within this time, in ms, it counts as gone. */
const PONG_MS = 10_000;

/**
 * Opens a plain WebSocket with JSON-RPC 2.0 at `/ws`. Detects a connection that died without a close (a laptop that
 * slept, a router that forgot) with `rpc.ping`, since a browser's WebSocket has no ping.
 */
export const openPlainWebSocket: OpenTransport = ({ url, token, handlers }) => {
  const address = new URL('ws', url);
  address.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
  const opened = openWebSocket(address, token);
  const { socket, presentsToken } = opened;
  const calls = new OpenCalls();
  const timers = new Timers();
  let stopWaiting: (() => void) | undefined;
  let isOver = false;

  function end(): void {
    isOver = true;
    calls.close();
    timers.close();
    opened.end();
  }

  function lose(error?: MadangError): void {
    if (isOver) return;
    end();
    handlers.closed(error);
  }

  function heard(): void {
    stopWaiting?.();
    stopWaiting = timers.after(QUIET_MS, () => {
      stopWaiting = timers.after(PONG_MS, () => lose());
      send({ id: 0, method: 'rpc.ping' });
    });
  }

  function send(request: { id: number; method: string; params?: unknown }): void {
    socket.send(JSON.stringify({ jsonrpc: '2.0', ...request }));
  }

  socket.addEventListener('open', () => {
    if (isOver) return;
    heard();
    handlers.opened();
  });
  socket.addEventListener('close', ({ code, reason }) =>
    lose(code === UNAUTHENTICATED ? unauthenticated(reason) : undefined),
  );
  socket.addEventListener('error', () => lose());
  socket.addEventListener('message', ({ data }) => {
    if (isOver) return;
    heard();
    const message = parse(data);
    if (message === undefined) return lose();
    for (const each of Array.isArray(message) ? message : [message]) receive(each);
  });

  function receive(message: RpcMessage): void {
    if (message.method !== undefined) return handlers.message(message.method, message.params);
    const call = typeof message.id === 'number' ? calls.take(message.id) : undefined;
    if (message.error) call?.reject(errorFrom(message.error.data ?? message.error));
    else call?.resolve(message.result);
  }

  return {
    presentsToken,
    call: (method, params) => calls.open((id) => send({ id, method, params })),
    close: end,
  };
};

function unauthenticated(reason: string): MadangError {
  return new MadangError({ code: 'unauthenticated', message: reason || 'The server does not know this session' });
}

interface RpcMessage {
  id?: unknown;
  method?: string;
  params?: unknown;
  result?: unknown;
  error?: { data?: unknown };
}

function parse(data: unknown): RpcMessage | RpcMessage[] | undefined {
  if (typeof data !== 'string') return undefined;
  try {
    const message: unknown = JSON.parse(data);
    return typeof message === 'object' && message !== null ? message : undefined;
  } catch {
    return undefined;
  }
}
