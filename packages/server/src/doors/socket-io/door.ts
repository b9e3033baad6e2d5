import type { ErrorObject } from '@madang/protocol';
import { Server as EngineServer } from 'engine.io';
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { Server, type Socket } from 'socket.io';
import { WebSocketServer } from 'ws';
import type { Caller } from '../../commands/context.js';
import { toMadangError } from '../../errors.js';
import type { Session } from '../../identity/actor.js';
import { Calls } from '../calls.js';
import type { DoorParts } from '../door.js';
import { SocketIoConnection } from './connection.js';

/** What a handshake's middleware leaves for the connection. */
interface Handshake {
  session?: Session;
  token?: string;
}

/** The door at `/socket.io/`, namespace `/`: `emit(name, input, ack)`; the ack gets `{ result }` or `{ error }`. */
export class SocketIoDoor {
  readonly #engine: EngineServer;
  readonly #io: Server;
  readonly #parts: DoorParts;

  constructor(parts: DoorParts) {
    this.#parts = parts;
    this.#engine = new EngineServer({
      maxHttpBufferSize: parts.limits.maxFrameBytes,
      perMessageDeflate: false,
      httpCompression: false,
      pingInterval: parts.limits.heartbeatMs,
      pingTimeout: parts.limits.heartbeatMs,
      // Any page may talk with a token; cookies count only from the own origin (origin.ts).
      cors: { origin: '*' },
      wsEngine: WebSocketServer,
    });
    this.#io = new Server({ serveClient: false });
    this.#io.bind(this.#engine);
    this.#io.use((socket, next) => {
      void this.#shake(socket, next);
    });
    this.#io.on('connection', (socket) => void this.#open(socket));
  }

  /** Takes over a polling request. */
  request(...[request, response]: Parameters<EngineServer['handleRequest']>): void {
    this.#engine.handleRequest(request, response);
  }

  /** Takes over an upgrade request. */
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    this.#engine.handleUpgrade(request, socket, head);
  }

  close(): void {
    this.#io.disconnectSockets(true);
    this.#engine.close();
  }

  async #shake(socket: Socket, next: (error?: Error) => void): Promise<void> {
    try {
      socket.data = await this.#handshake(socket);
      next();
    } catch (error) {
      next(connectError(toMadangError(error, this.#parts.logger).toJSON()));
    }
  }

  async #handshake(socket: Socket): Promise<Handshake> {
    const { commands, credentials } = this.#parts;
    const auth: unknown = socket.handshake.auth;
    if (typeof auth === 'object' && auth !== null && Object.keys(auth).length > 0) {
      return commands.identify(auth, this.#callerOf(socket));
    }
    const session = await credentials.find(socket.request);
    return session ? { session } : {};
  }

  async #open(socket: Socket): Promise<void> {
    const { attendance, commands, logger } = this.#parts;
    const { session, token } = socket.data as Handshake;
    const connection = new SocketIoConnection(socket.conn, {
      drained: () => attendance.drained(connection),
      disconnect: () => socket.disconnect(true),
    });
    const caller = this.#callerOf(socket, connection);
    const calls = new Calls(this.#parts);
    socket.data = {};
    attendance.opened(connection);
    socket.on('disconnect', () => attendance.closed(connection));
    const greeting = session && commands.greet(session, caller, token);
    socket.onAny((name: string, ...args: unknown[]) => void answer(name, args));
    try {
      const note = await greeting;
      if (note) connection.write(connection.format.encode([note]));
    } catch (error) {
      logger.error({ err: error, door: connection.door }, 'a connection could not be opened');
      connection.close('restarting');
    }

    async function answer(name: string, args: unknown[]): Promise<void> {
      const ack = args.at(-1);
      const input = typeof args[0] === 'function' ? undefined : args[0];
      // Calls that come while the handshake's session is let in are that session's.
      if (greeting && !connection.session) await greeting.catch(() => undefined);
      const outcome = await calls.run(name, refuseBinary(input), caller);
      if (typeof ack !== 'function') return;
      connection.cork();
      ack('error' in outcome ? { error: outcome.error.toJSON() } : outcome);
    }
  }

  #callerOf(socket: Socket, connection?: SocketIoConnection): Caller {
    return {
      address: this.#parts.addresses.of(socket.request),
      ...(connection && { connection }),
      get session() {
        return connection?.session;
      },
    };
  }
}

/** Binary never fits a schema; said in words that tell why. */
function refuseBinary(input: unknown): unknown {
  return Buffer.isBuffer(input) ? 'binary data' : input;
}

function connectError(error: ErrorObject): Error {
  return Object.assign(new Error(error.message), { data: error });
}
