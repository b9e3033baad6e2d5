import type { Commands } from '../commands/run.js';
import type { ConnectionLifecycle } from '../fanout/connection-lifecycle.js';
import type { Logger } from '../logger.js';
import type { AddressLimit } from './address-limit.js';
import type { Addresses } from './client-address.js';
import type { Credentials } from './credentials.js';
import type { Internals } from './internals.js';
import type { Origins } from './origin.js';

/**
 * Dependencies of a transport. A transport turns bytes into calls (`commands.run(name, input, caller)`) and events into
 * bytes (a `WireFormat` and a `Connection`). It has no chat logic and knows no command by name. To write another:
 *
 * 1. For a new connection, create a `Connection` and call `lifecycle.opened`; when the network has accepted queued
 * bytes, call `lifecycle.drained`; at the end, call `lifecycle.closed`.
 * 2. If the handshake names a session (`credentials.find`, or `commands.identify`), let it in with `commands.welcome`.
 * 3. Turn input into `commands.run`, and its answer or error (`toMadangError`) into the wire's form.
 */
export interface TransportParts {
  commands: Commands;
  lifecycle: ConnectionLifecycle;
  credentials: Credentials;
  origins: Origins;
  addresses: Addresses;
  addressLimit: AddressLimit;
  /** Whether so much output waits for all clients together that no new one is admitted. */
  bufferBound: { readonly isFull: boolean };
  logger: Logger;
  /** Shortcuts through internals of libraries. */
  internals: Internals;
  /** Whether output is compressed for clients that offer it. */
  compression: boolean;
  limits: TransportLimits;
}

/** Limits of a connection. */
export interface TransportLimits {
  /** The largest frame, packet or request body, in bytes. More closes the connection, or is `too_large`. */
  maxFrameBytes: number;
  /** The most unanswered calls of one connection. More are `rate_limited`. */
  maxCallsInFlight: number;
  /** The most bytes of answers that wait for a client that doesn't read them. More disconnects it. */
  answerBufferBytes: number;
  /** How long a Socket.IO client may take to open the namespace, in ms. */
  handshakeTimeoutMs: number;
  /** How often a silent connection is pinged, in ms. Closed after two unanswered pings. */
  heartbeatMs: number;
  /** When all clients lose their connection at once, their reconnects are spread over this time, in ms. */
  reconnectSpreadMs: number;
}
