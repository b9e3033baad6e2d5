import { io, type ManagerOptions, type Socket, type SocketOptions } from 'socket.io-client';
import { deferred } from './deferred.ts';
import type { Answer, Credentials, TransportClient, OutboundEvent } from './transport-client.ts';
import { Inbox } from './inbox.ts';

/** The stock Socket.IO client at `/socket.io/`, with its socket for what only Socket.IO offers. */
export interface SocketIoClient extends TransportClient {
  readonly socket: Socket;
}

/** Connects with the given transports. With credentials, resolves once the session has started. */
export async function connectSocketIo(
  url: string,
  credentials: Credentials,
  options: Partial<ManagerOptions & SocketOptions> = { transports: ['websocket'] },
): Promise<SocketIoClient> {
  const socket = io(url, { auth: credentials ?? {}, forceNew: true, reconnection: false, ...options });
  const events = new Inbox<OutboundEvent>();
  const { promise: closed, resolve: markClosed } = deferred();
  socket.onAny((name: string, body: OutboundEvent['body']) => events.push({ name, body }));
  socket.once('disconnect', () => markClosed());
  const refused = new Promise<never>((_resolve, reject) => socket.once('connect_error', reject));
  const close = async (): Promise<void> => {
    const { engine } = socket.io;
    const ended = new Promise<void>((resolve) => engine.once('close', () => resolve()));
    socket.close();
    if (engine.readyState !== 'closed') await ended;
  };
  try {
    await Promise.race([
      refused,
      credentials ? events.first((event) => event.name === 'session.started') : connected(socket),
    ]);
  } catch (error) {
    socket.close();
    throw error;
  }
  return {
    transport: `socket.io ${socket.io.engine.transport.name}`,
    events,
    socket,
    closed,
    ask: (name, input) => socket.timeout(10_000).emitWithAck(name, input) as Promise<Answer>,
    close,
    [Symbol.asyncDispose]: close,
  };
}

function connected(socket: Socket): Promise<void> {
  return new Promise((resolve) => socket.once('connect', () => resolve()));
}
