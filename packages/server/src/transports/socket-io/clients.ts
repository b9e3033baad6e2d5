import { errorTable, invalidInputOf, MadangError } from '@madang/protocol';
import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { toMadangError } from '../to-madang-error.js';
import type { Session } from '../../identity/actor.js';
import { identityOf, refuse, runCall } from '../calls.js';
import type { SocketConnection } from '../socket-connection.js';
import type { TransportParts } from '../transport.js';
import { eventMessage } from './format.js';
import {
  ackPacket,
  connectedPacket,
  connectErrorPacket,
  type Elsewhere,
  noNamespacePacket,
  type Packet,
  parsePacket,
} from './packets.js';

/** The refusal of an event with attachments. */
const NO_BINARY = invalidInputOf([{ path: '', message: 'Binary data is not understood here; send JSON' }]);

/** A client that has not opened the namespace yet. */
interface Handshake {
  request: IncomingMessage;
  isConnecting: boolean;
}

/**
 * Socket.IO's own layer for the one namespace `/`: the handshake that opens it, events and acks. An idle client costs
 * it nothing, because it remembers only those that have not opened the namespace yet. No binary data is accepted, so it
 * does not wait for attachments: an event that announces some is refused, and its connection ended.
 */
export class SocketIoClients {
  readonly #parts: TransportParts;
  readonly #handshakes = new Map<SocketConnection, Handshake>();

  constructor(parts: TransportParts) {
    this.#parts = parts;
  }

  /** A connection is open. `request` may provide a session if the client's `auth` names none. */
  opened(connection: SocketConnection, request: IncomingMessage): void {
    this.#handshakes.set(connection, { request, isConnecting: false });
  }

  /** A connection is closed. */
  closed(connection: SocketConnection): void {
    this.#handshakes.delete(connection);
  }

  /** A packet arrived, without Engine.IO's own prefix. */
  received(connection: SocketConnection, text: string): void {
    const packet = parsePacket(text);
    if (!packet) return this.#misused(connection);
    if ('isBinary' in packet && packet.isBinary) return this.#refuseBinary(connection, packet);
    this.#handle(connection, packet);
  }

  /** An attachment arrived, of a refused event or of none. */
  receivedBinary(connection: SocketConnection): void {
    this.#misused(connection);
  }

  /** Its attachments follow, so the connection can't continue. */
  #refuseBinary(connection: SocketConnection, packet: Packet): void {
    const ack = packet.kind === 'event' && !this.#handshakes.has(connection) ? packet.ack : undefined;
    if (ack !== undefined) connection.send(ackPacket(ack, JSON.stringify({ error: NO_BINARY.toJSON() })));
    this.#misused(connection);
  }

  #handle(connection: SocketConnection, packet: Packet | Elsewhere): void {
    const handshake = this.#handshakes.get(connection);
    if (packet.kind === 'connect' && handshake && !handshake.isConnecting) {
      handshake.isConnecting = true;
      void this.#connect(connection, handshake, packet.auth);
    } else if (packet.kind === 'elsewhere' && packet.isConnect) {
      void this.#refuseNamespace(connection, packet.namespace);
    } else if (packet.kind === 'event' && !handshake) void this.#answer(connection, packet);
    else if (packet.kind !== 'ack' || handshake) this.#misused(connection);
  }

  /** Ends a connection that violates the protocol, and charges for it, in case the client returns to do it again. */
  #misused(connection: SocketConnection): void {
    connection.end();
    void this.#parts.commands.refused(connection).catch(() => undefined);
  }

  async #refuseNamespace(connection: SocketConnection, namespace: string): Promise<void> {
    const none = new MadangError({ code: 'not_found', message: 'Invalid namespace' });
    const { code } = await refuse(this.#parts, connection, none);
    if (code === 'not_found') connection.send(noNamespacePacket(namespace));
    else connection.end();
  }

  async #connect(connection: SocketConnection, handshake: Handshake, auth: unknown): Promise<void> {
    try {
      const { session, token } = await this.#identify(connection, handshake.request, auth);
      if (!this.#handshakes.delete(connection)) return;
      connection.send(connectedPacket(randomUUID()));
      if (session) connection.enters(this.#greet(connection, session, token));
    } catch (error) {
      handshake.isConnecting = false;
      connection.send(connectErrorPacket(toMadangError(error, this.#parts.logger).toJSON()));
    }
  }

  async #identify(
    connection: SocketConnection,
    request: IncomingMessage,
    auth: unknown,
  ): Promise<{ session?: Session | undefined; token?: string }> {
    const { commands, credentials } = this.#parts;
    if (typeof auth === 'object' && auth !== null && Object.keys(auth).length > 0) {
      const sessionOf = (token: string) => credentials.ofToken(token, request);
      return commands.identify(auth, { session: undefined, address: connection.address, sessionOf });
    }
    const { session, refusal } = await identityOf(this.#parts, request);
    connection.staysAnonymous(refusal);
    return { session };
  }

  async #greet(connection: SocketConnection, session: Session, token: string | undefined): Promise<void> {
    const { commands, logger } = this.#parts;
    try {
      const event = await commands.greet(session, connection, token);
      // Not written at once, or it would precede the packet that opens the namespace.
      connection.send(eventMessage(event));
    } catch (error) {
      const { code } = toMadangError(error, logger);
      connection.close(errorTable[code].retry ? 'unavailable' : 'unauthenticated');
    }
  }

  async #answer(connection: SocketConnection, packet: Packet & { kind: 'event' }): Promise<void> {
    const outcome = await runCall(this.#parts, packet.name, packet.input, connection);
    if (packet.ack === undefined) return;
    const answer = 'error' in outcome ? { error: outcome.error.toJSON() } : outcome;
    connection.send(ackPacket(packet.ack, JSON.stringify(answer)));
  }
}
