import type { Commands } from '../commands/run.js';
import type { ConnectionLifecycle } from '../fanout/connection-lifecycle.js';
import type { Logger } from '../logger.js';
import type { AddressLimit } from './address-limit.js';
import type { Addresses } from './client-address.js';
import type { Credentials } from './credentials.js';
import type { Origins } from './origin.js';

/**
 * What a transport is given. A transport turns bytes into calls (`commands.run(name, input, caller)`) and events into bytes (a
 * `WireFormat` and a `Connection`). It holds no chat logic and no command's name. To write another:
 *
 * 1. On a new connection make a `Connection` and tell `lifecycle.opened`; when the network takes queued bytes tell
 *    `lifecycle.drained`; at the end tell `lifecycle.closed`.
 * 2. If the handshake names a session (`credentials.find`, or `commands.identify`), let it in with `commands.welcome`.
 * 3. Turn what comes in into `commands.run`, and its answer or error (`toMadangError`) into the wire's form.
 */
export interface TransportParts {
  commands: Commands;
  lifecycle: ConnectionLifecycle;
  credentials: Credentials;
  origins: Origins;
  addresses: Addresses;
  addressLimit: AddressLimit;
  /** Whether so much waits for all clients together that no new one is let in. */
  bufferBound: { readonly isFull: boolean };
  logger: Logger;
  /** Whether what goes out is compressed for clients that offer it. */
  compression: boolean;
  limits: TransportLimits;
}

/** What bounds a connection. */
export interface TransportLimits {
  /** A frame, a packet or a request's body, in bytes. More closes the connection, or is `too_large`. */
  maxFrameBytes: number;
  /** Calls of one connection that are not answered yet. More are `rate_limited`. */
  maxCallsInFlight: number;
  /** Answers that wait for a client that doesn't read them, in bytes. More cuts it off. */
  answerBufferBytes: number;
  /** How long a Socket.IO client may take to open the namespace, in ms. */
  handshakeTimeoutMs: number;
  /** How often a silent connection is asked whether it is there, in ms. Twice without an answer closes it. */
  heartbeatMs: number;
  /** Over how many ms clients are spread that all lose their connection at once. */
  reconnectSpreadMs: number;
}
