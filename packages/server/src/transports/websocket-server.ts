import { errorTable } from '@madang/protocol';
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { type RawData, WebSocket, WebSocketServer } from 'ws';
import { toMadangError } from './to-madang-error.js';
import { admit } from './address-limit.js';
import type { TransportParts } from './transport.js';
import type { FramedFormats } from './framed-format.js';
import { Heartbeats } from './heartbeats.js';
import type { Internals } from './internals.js';
import { acceptableOffer, deflateOptions, inflatingAtOnce } from './permessage-deflate.js';
import { foreignPage, refuseUpgrade } from './upgrades.js';
import { WebSocketConnection } from './websocket-connection.js';

/** A transport over plain WebSockets: how it handles new connections and their texts. */
export interface WebSocketTransport {
  name: string;
  formats(request: IncomingMessage): FramedFormats;
  /** Greets the client; nothing is read until it resolves. If it throws, the connection is closed. */
  greet(connection: WebSocketConnection, request: IncomingMessage): Promise<void>;
  receive(connection: WebSocketConnection, text: string): void;
  /** A frame arrived that isn't text. */
  receiveBinary(connection: WebSocketConnection): void;
  /** Checks whether a client is alive, with a WebSocket ping if absent. The answer sets `isSilent` to false. */
  ping?(connection: WebSocketConnection): void;
  /** Called before closing a connection whose client must not reconnect on its own. */
  ending?(connection: WebSocketConnection): void;
  closed?(connection: WebSocketConnection): void;
}

/** What all connections of a transport share. */
export interface WebSocketHost {
  readonly transport: WebSocketTransport;
  /** The most bytes of answers that wait for a client that doesn't read them. */
  readonly maxAnswerBytes: number;
  /** The largest frame that a client with a session may send, in bytes. */
  readonly maxFrameBytes: number;
  readonly internals: Internals;
  /** The network has accepted everything that waited for a connection. */
  drained(connection: WebSocketConnection): void;
}

/** A socket that knows its connection, so that one listener serves all sockets. */
class TransportSocket extends WebSocket {
  connection!: WebSocketConnection;
}

/** Upgrades a transport's requests to WebSockets, watches over the connections, and closes them. */
export class WebSocketUpgrades {
  readonly #server: WebSocketServer;
  readonly #transport: WebSocketTransport;
  readonly #host: WebSocketHost;
  readonly #parts: TransportParts;
  readonly #heartbeats: Heartbeats<WebSocketConnection>;
  readonly #listeners: Listeners;
  readonly #inflateAtOnce: (webSocket: WebSocket) => void;

  constructor(transport: WebSocketTransport, parts: TransportParts) {
    this.#transport = transport;
    this.#parts = parts;
    const { lifecycle, limits } = parts;
    this.#host = {
      transport,
      maxAnswerBytes: limits.answerBufferBytes,
      maxFrameBytes: limits.maxFrameBytes,
      internals: parts.internals,
      drained: (connection) => lifecycle.drained(connection),
    };
    this.#heartbeats = new Heartbeats(parts.limits.heartbeatMs, (connection) => connection.ping());
    this.#listeners = listenersFor(transport, parts, this.#heartbeats);
    this.#inflateAtOnce = inflatingAtOnce(parts.limits.maxFrameBytes, parts.internals);
    this.#server = new WebSocketServer({
      noServer: true,
      maxPayload: parts.limits.maxFrameBytes,
      perMessageDeflate: parts.compression && deflateOptions,
      clientTracking: false,
      WebSocket: TransportSocket,
    });
  }

  /** Handles an upgrade request. */
  async upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    if (!this.#parts.origins.admits(request)) return refuseUpgrade(socket, foreignPage);
    const address = this.#parts.addresses.of(request);
    try {
      await admit(this.#parts, address);
    } catch (error) {
      return refuseUpgrade(socket, toMadangError(error, this.#parts.logger));
    }
    if (this.#parts.compression) chooseOffer(request.headers);
    // The greeting goes in one write with the answer to the upgrade request.
    socket.cork();
    this.#server.handleUpgrade(request, socket, head, (webSocket) =>
      this.#open(webSocket as TransportSocket, request, socket, address),
    );
    process.nextTick(uncork, socket);
  }

  close(): void {
    this.#heartbeats.close();
    for (const connection of this.#heartbeats) connection.terminate();
    this.#server.close();
  }

  #open(webSocket: TransportSocket, request: IncomingMessage, socket: Duplex, address: string): void {
    const { addressLimit, lifecycle } = this.#parts;
    const isDeflated = webSocket.extensions !== '';
    if (isDeflated) this.#inflateAtOnce(webSocket);
    const format = this.#transport.formats(request)[isDeflated ? 'deflated' : 'plain'];
    const route = { format, address: addressLimit.enter(address) };
    const connection = new WebSocketConnection(this.#host, route, webSocket, socket);
    webSocket.connection = connection;
    lifecycle.opened(connection);
    this.#heartbeats.add(connection);
    webSocket.on('pong', this.#listeners.pong);
    webSocket.on('error', this.#listeners.error);
    webSocket.on('close', this.#listeners.close);
    webSocket.on('message', this.#listeners.message);
    void this.#greet(connection, webSocket, request);
  }

  async #greet(connection: WebSocketConnection, webSocket: WebSocket, request: IncomingMessage): Promise<void> {
    // What a client sends meanwhile waits in the network, not here.
    webSocket.pause();
    try {
      await this.#transport.greet(connection, request);
    } catch (error) {
      // A client that is told its session is invalid discards it, which must not happen because the store can't be read
      // now.
      const { code, message } = toMadangError(error, this.#parts.logger);
      connection.close(errorTable[code].retry ? 'unavailable' : 'unauthenticated', message);
    } finally {
      webSocket.resume();
    }
  }
}

function uncork(socket: Duplex): void {
  socket.uncork();
}

function chooseOffer(headers: IncomingHttpHeaders): void {
  const offer = acceptableOffer(headers['sec-websocket-extensions']);
  if (offer === undefined) delete headers['sec-websocket-extensions'];
  else headers['sec-websocket-extensions'] = offer;
}

/** One function per event for all sockets; `this` is the socket. */
interface Listeners {
  pong: (this: WebSocket) => void;
  error: (this: WebSocket, error: Error) => void;
  close: (this: WebSocket) => void;
  message: (this: WebSocket, data: RawData, isBinary: boolean) => void;
}

function listenersFor(
  transport: WebSocketTransport,
  parts: TransportParts,
  heartbeats: Heartbeats<WebSocketConnection>,
): Listeners {
  return {
    pong() {
      connectionOf(this).isSilent = false;
    },
    error(error) {
      parts.logger.debug({ err: error, transport: transport.name }, 'socket error');
    },
    close() {
      const connection = connectionOf(this);
      heartbeats.delete(connection);
      parts.addressLimit.leave(connection.address);
      transport.closed?.(connection);
      parts.lifecycle.closed(connection);
    },
    message(data, isBinary) {
      // What arrives after a connection was told to close is read, but ignored.
      if (this.readyState !== WebSocket.OPEN) return;
      const connection = connectionOf(this);
      if (isBinary) transport.receiveBinary(connection);
      else transport.receive(connection, textOf(data));
    },
  };
}

function connectionOf(webSocket: WebSocket): WebSocketConnection {
  return (webSocket as TransportSocket).connection;
}

function textOf(data: RawData): string {
  if (Buffer.isBuffer(data)) return data.toString();
  return Array.isArray(data) ? Buffer.concat(data).toString() : Buffer.from(data).toString();
}
