import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { type RawData, WebSocket, WebSocketServer } from 'ws';
import type { Caller } from '../commands/context.js';
import type { WireFormat } from '../fanout/wire-format.js';
import type { DoorParts } from './door.js';
import { WebSocketConnection } from './websocket-connection.js';

/** A door over plain WebSockets: what it makes of a new connection, and of a text that comes. */
export interface WebSocketDoor {
  name: string;
  format(request: IncomingMessage): WireFormat;
  /** Answers how texts are handled; they wait until it resolves. */
  opened(visit: Visit): Promise<(text: string) => void>;
  /** What is said to a frame that isn't text. */
  refusedBinary(): string;
}

/** One connection at a WebSocket door. */
export interface Visit {
  connection: WebSocketConnection;
  caller: Caller;
  request: IncomingMessage;
  /** Sends a text to this connection alone. */
  send(text: string): void;
}

/** How many bytes of answers may wait for a client that asks but does not read, before it is cut off. */
const MAX_ANSWER_BYTES = 4 * 1024 * 1024;

/** Upgrades requests to WebSockets for a door, watches over them, and closes them. */
export class WebSocketUpgrades {
  readonly #server: WebSocketServer;
  readonly #door: WebSocketDoor;
  readonly #parts: DoorParts;
  readonly #heartbeat: NodeJS.Timeout;
  /** Who has not answered the last ping. */
  readonly #silent = new WeakSet<WebSocket>();

  constructor(door: WebSocketDoor, parts: DoorParts) {
    this.#door = door;
    this.#parts = parts;
    this.#server = new WebSocketServer({
      noServer: true,
      maxPayload: parts.limits.maxFrameBytes,
      perMessageDeflate: false,
      clientTracking: true,
    });
    this.#heartbeat = setInterval(() => this.#ping(), parts.limits.heartbeatMs);
    this.#heartbeat.unref();
  }

  /** Takes over an upgrade request. */
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    this.#server.handleUpgrade(request, socket, head, (webSocket) => {
      void this.#open(webSocket, request, socket);
    });
  }

  close(): void {
    clearInterval(this.#heartbeat);
    for (const webSocket of this.#server.clients) webSocket.terminate();
    this.#server.close();
  }

  async #open(webSocket: WebSocket, request: IncomingMessage, socket: Duplex): Promise<void> {
    const { attendance, addresses, logger } = this.#parts;
    const connection = new WebSocketConnection(this.#door.name, this.#door.format(request), webSocket, socket);
    const caller: Caller = {
      connection,
      address: addresses.of(request),
      get session() {
        return connection.session;
      },
    };
    attendance.opened(connection);
    socket.on('drain', () => attendance.drained(connection));
    webSocket.on('pong', () => this.#silent.delete(webSocket));
    webSocket.on('error', (error) => logger.debug({ err: error, door: this.#door.name }, 'socket error'));
    webSocket.on('close', () => attendance.closed(connection));
    const send = (text: string) => {
      connection.send(text);
      if (connection.queuedBytes() > MAX_ANSWER_BYTES) connection.close('too_slow');
    };
    const visit: Visit = { connection, caller, request, send };
    // What comes while the door still greets is handled after that, in order.
    const greeted = this.#door.opened(visit).catch((error: unknown) => {
      logger.error({ err: error, door: this.#door.name }, 'a connection could not be opened');
      webSocket.close(1011, 'internal error');
      return () => undefined;
    });
    let handle: ((text: string) => void) | undefined;
    webSocket.on('message', (data, isBinary) => {
      if (isBinary) send(this.#door.refusedBinary());
      else if (handle) handle(textOf(data));
      else void greeted.then((ready) => ready(textOf(data)));
    });
    handle = await greeted;
  }

  #ping(): void {
    for (const webSocket of this.#server.clients) {
      if (this.#silent.has(webSocket)) webSocket.terminate();
      else {
        this.#silent.add(webSocket);
        webSocket.ping();
      }
    }
  }
}

function textOf(data: RawData): string {
  if (Buffer.isBuffer(data)) return data.toString();
  return Array.isArray(data) ? Buffer.concat(data).toString() : Buffer.from(data).toString();
}
