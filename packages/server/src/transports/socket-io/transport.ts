import { fail } from '@madang/protocol';
import { Server as EngineServer, type Socket } from 'engine.io';
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { WebSocketServer } from 'ws';
import { toMadangError } from '../to-madang-error.js';
import { admit } from '../address-limit.js';
import type { TransportParts } from '../transport.js';
import { foreignPage, refuseUpgrade } from '../upgrades.js';
import type { WebSocketUpgrades } from '../websocket-server.js';
import { SocketIoClients } from './clients.js';
import { SocketIoConnection } from './connection.js';
import { createDirectTransport, isDirect } from './direct.js';
import { boundPayloads, forgetRequest, idOf } from './engine-shortcuts.js';

/**
 * The most packets in one polling request. A client has nothing but calls to send at once, and those are limited too.
 */
const MAX_PACKETS = 1000;

/**
 * The transport at `/socket.io/`, namespace `/`: `emit(name, input, ack)`; the ack gets `{ result }` or `{ error }`. A
 * client that connects by WebSocket is served by the same code as `/ws`; one that begins with polling, upgraded later
 * or never, by Engine.IO.
 */
export class SocketIoTransport {
  readonly #engine: EngineServer;
  readonly #clients: SocketIoClients;
  readonly #direct: WebSocketUpgrades;
  readonly #parts: TransportParts;
  /** The ids of all open Engine.IO sessions. */
  readonly #ids = new Set<string>();

  /** `idPrefix`: the beginning of the ids of Engine.IO's sessions. */
  constructor(parts: TransportParts, idPrefix = '') {
    this.#parts = parts;
    this.#clients = new SocketIoClients(parts);
    this.#direct = createDirectTransport(parts, this.#clients);
    this.#engine = new EngineServer({
      maxHttpBufferSize: parts.limits.maxFrameBytes,
      perMessageDeflate: false,
      httpCompression: false,
      pingInterval: parts.limits.heartbeatMs,
      pingTimeout: parts.limits.heartbeatMs,
      wsEngine: WebSocketServer,
    });
    if (idPrefix) this.#prefixIds(idPrefix);
    this.#engine.on('connection', (socket: Socket) => this.#open(socket));
  }

  /** Handles a polling request. Throws `rate_limited` for a session more than its address may have. */
  async request(...[request, response]: Parameters<EngineServer['handleRequest']>): Promise<void> {
    const query = queryOf(request);
    // Any page could read such an answer by loading it as a script: no origin rule applies to scripts.
    if (query.has('j')) fail('invalid_input', 'Polling by JSONP (the parameter "j") is not served; use XHR or fetch');
    if (!this.#isKnown(query)) await admit(this.#parts, this.#parts.addresses.of(request));
    this.#engine.handleRequest(request, response);
  }

  /** Handles an upgrade request. */
  async upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    const query = queryOf(request);
    if (!sessionIdOf(query) && isDirect(query)) return this.#direct.upgrade(request, socket, head);
    const { addresses, commands, logger, origins } = this.#parts;
    if (!origins.admits(request)) return refuseUpgrade(socket, foreignPage);
    const address = addresses.of(request);
    try {
      // One that has a session is already counted, but opens a socket too.
      await (this.#isKnown(query) ? commands.opens(address) : admit(this.#parts, address));
    } catch (error) {
      return refuseUpgrade(socket, toMadangError(error, logger));
    }
    this.#engine.handleUpgrade(request, socket, head);
  }

  close(): void {
    this.#direct.close();
    this.#engine.close();
  }

  /** Whether a request belongs to an existing session. */
  #isKnown(query: URLSearchParams): boolean {
    return this.#ids.has(sessionIdOf(query) ?? '');
  }

  #prefixIds(prefix: string): void {
    const generateId = this.#engine.generateId.bind(this.#engine);
    this.#engine.generateId = (request) => prefix + (generateId(request) as string);
  }

  #open(socket: Socket): void {
    const { addresses, addressLimit, internals, lifecycle, limits } = this.#parts;
    const { request } = socket;
    const id = idOf(socket);
    const address = addresses.of(request);
    addressLimit.count(address, socket);
    const connection = new SocketIoConnection(socket, address, {
      lifecycle,
      maxAnswerBytes: limits.answerBufferBytes,
      maxFrameBytes: limits.maxFrameBytes,
      internals,
    });
    this.#ids.add(id);
    boundPayloads(socket, MAX_PACKETS, internals);
    socket.on('upgrade', () => connection.upgraded());
    forgetRequest(socket, internals);
    lifecycle.opened(connection);
    this.#clients.opened(connection, request);
    socket.on('message', (data: unknown) => {
      if (typeof data === 'string') this.#clients.received(connection, data);
      else this.#clients.receivedBinary(connection);
    });
    socket.on('close', () => {
      this.#ids.delete(id);
      this.#clients.closed(connection);
      lifecycle.closed(connection);
    });
  }
}

function queryOf(request: IncomingMessage): URLSearchParams {
  return new URLSearchParams(/\?([^#]*)/.exec(request.url ?? '')?.[1]);
}

/** The session that a request belongs to. The last parameter counts, as in Engine.IO. */
function sessionIdOf(query: URLSearchParams): string | undefined {
  return query.getAll('sid').at(-1);
}
