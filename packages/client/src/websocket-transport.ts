import { openWebSocket } from '#web-socket';
import { MadangError } from '@madang/protocol';
import type { EarlyCalls, EarlySocket } from './early-socket.js';
import { errorFrom } from './errors.js';
import { OpenCalls } from './open-calls.js';
import { Timers } from './timers.js';
import type { OpenTransport, Transport, TransportOptions } from './transport.js';
import type { OpenedSocket } from './web-socket.js';

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
export const openPlainWebSocket: OpenTransport = (options) => {
  const address = new URL('ws', options.url);
  address.protocol = options.url.protocol === 'https:' ? 'wss:' : 'ws:';
  return overWebSocket(openWebSocket(address, options.token), options);
};

/** Begins over a socket that is already opening, and opens others from then on. */
export function beginEarly(early: EarlySocket): OpenTransport {
  let first: EarlySocket | undefined = early;
  return (options) => {
    const opened = first;
    first = undefined;
    return opened ? overWebSocket(opened, options, opened.calls) : openPlainWebSocket(options);
  };
}

function overWebSocket(opened: OpenedSocket, { handlers }: TransportOptions, early?: EarlyCalls): Transport {
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
    if (message.method !== undefined) {
      early?.forget();
      return handlers.message(message.method, message.params);
    }
    if (typeof message.id !== 'number') return undefined;
    const open = calls.take(message.id);
    if (!open) return early?.keep(message.id, message);
    if (message.error) open.reject(errorFrom(message.error.data ?? message.error));
    else open.resolve(message.result);
  }

  function call(method: string, params: unknown): Promise<unknown> {
    const id = early?.take(method, params);
    if (id === undefined) return calls.open((number) => send({ id: number, method, params }));
    const answered = calls.open(() => {}, id);
    const answer = early?.answer(id);
    if (answer !== undefined) receive(answer as RpcMessage);
    return answered;
  }

  return { presentsToken, call, close: end };
}

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
