import { type ErrorObject, errorTable } from '@madang/protocol';
import { Server as EngineServer } from 'engine.io';
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { Server, type Socket } from 'socket.io';
import { WebSocketServer } from 'ws';
import { toMadangError } from '../../errors.js';
import type { Session } from '../../identity/actor.js';
import { tooManyConnections } from '../address-limit.js';
import { runCall } from '../calls.js';
import type { DoorParts } from '../door.js';
import { refuseUpgrade } from '../port.js';
import { SocketIoConnection } from './connection.js';
import { type PlainCall, takePlainCalls } from './plain-calls.js';
import { forgetHandshake } from './raw-socket.js';

/** What a handshake's middleware leaves for the connection. */
interface Handshake {
  address: string;
  session?: Session;
  token?: string;
}

/** The door at `/socket.io/`, namespace `/`: `emit(name, input, ack)`; the ack gets `{ result }` or `{ error }`. */
export class SocketIoDoor {
  readonly #engine: EngineServer;
  readonly #io: Server;
  readonly #parts: DoorParts;

  /** `idPrefix`: how the ids of Engine.IO's sessions begin. */
  constructor(parts: DoorParts, idPrefix = '') {
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
    if (idPrefix) this.#prefixIds(idPrefix);
    this.#io = new Server({ serveClient: false, connectTimeout: parts.limits.handshakeTimeoutMs });
    this.#engine.on('connection', (session) => parts.addressLimit.count(session.request, session));
    this.#io.bind(this.#engine);
    this.#io.use((socket, next) => {
      void this.#shake(socket, next);
    });
    // Who hears what is the fan-out's; the adapter's own book of rooms would cost each connection two more entries.
    Object.assign(this.#io.sockets.adapter, { addAll: () => undefined, delAll: () => undefined });
    this.#io.on('connection', (socket) => this.#open(socket));
  }

  /** Takes over a polling request. Throws `rate_limited` for a session more than its address may have. */
  request(...[request, response]: Parameters<EngineServer['handleRequest']>): void {
    if (this.#isOneTooMany(request)) throw tooManyConnections();
    this.#engine.handleRequest(request, response);
  }

  /** Takes over an upgrade request. */
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    if (this.#isOneTooMany(request)) refuseUpgrade(socket, '429 Too Many Requests');
    else this.#engine.handleUpgrade(request, socket, head);
  }

  close(): void {
    this.#engine.close();
  }

  /** What names a session belongs to one that is counted. */
  #isOneTooMany(request: IncomingMessage): boolean {
    const query = new URLSearchParams(/\?([^#]*)/.exec(request.url ?? '')?.[1]);
    // The last one counts, as Engine.IO reads it.
    return !query.getAll('sid').at(-1) && this.#parts.addressLimit.isFull(request);
  }

  #prefixIds(prefix: string): void {
    const generateId = this.#engine.generateId.bind(this.#engine);
    this.#engine.generateId = (request) => prefix + (generateId(request) as string);
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
    const { addresses, commands, credentials } = this.#parts;
    const address = addresses.of(socket.request);
    const auth: unknown = socket.handshake.auth;
    if (typeof auth === 'object' && auth !== null && Object.keys(auth).length > 0) {
      return { address, ...(await commands.identify(auth, { session: undefined, address })) };
    }
    const session = await credentials.find(socket.request);
    return session ? { address, session } : { address };
  }

  #open(socket: Socket): void {
    const { attendance, limits } = this.#parts;
    const { address, session, token } = socket.data as Handshake;
    const maxAnswerBytes = limits.answerBufferBytes;
    const connection = new SocketIoConnection(socket, address, { attendance, maxAnswerBytes });
    socket.data = undefined;
    forgetHandshake(socket);
    attendance.opened(connection);
    socket.on('disconnect', () => attendance.closed(connection));
    takePlainCalls(socket, (call) => void this.#answer(connection, call));
    socket.onAny((name: string, ...args: unknown[]) => void this.#acknowledge(connection, name, args));
    if (session) connection.greeting = this.#greet(connection, session, token);
  }

  async #greet(connection: SocketIoConnection, session: Session, token: string | undefined): Promise<void> {
    const { commands, logger } = this.#parts;
    try {
      const note = await commands.greet(session, connection, token);
      connection.write(connection.format.encode([note]));
    } catch (error) {
      const { code } = toMadangError(error, logger);
      connection.close(errorTable[code].retry ? 'unavailable' : 'unauthenticated');
    } finally {
      connection.greeting = undefined;
    }
  }

  async #answer(connection: SocketIoConnection, { id, name, input }: PlainCall): Promise<void> {
    const json = JSON.stringify(await this.#run(connection, name, input));
    if (id !== undefined) connection.answer(`3${id}[${json}]`);
  }

  /** A call that came through Socket.IO's own parser. */
  async #acknowledge(connection: SocketIoConnection, name: string, args: unknown[]): Promise<void> {
    const ack = args.at(-1);
    const input = typeof args[0] === 'function' ? undefined : args[0];
    const outcome = await this.#run(connection, name, refuseBinary(input));
    if (typeof ack !== 'function') return;
    ack(outcome);
    connection.boundAnswers();
  }

  async #run(connection: SocketIoConnection, name: string, input: unknown): Promise<object> {
    const outcome = await runCall(this.#parts, name, input, connection);
    return 'error' in outcome ? { error: outcome.error.toJSON() } : outcome;
  }
}

/** Binary never fits a schema; said in words that tell why. */
function refuseBinary(input: unknown): unknown {
  return Buffer.isBuffer(input) ? 'binary data' : input;
}

function connectError(error: ErrorObject): Error {
  return Object.assign(new Error(error.message), { data: error });
}
