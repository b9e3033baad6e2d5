import type { Connection } from './connection.js';

/** Number of checks within one time-out. */
const LOOKS = 4;

/** Closes connections that stay without a session for too long: each takes up a place and can do nothing. */
export class HandshakeTimeouts {
  /** When each connected, in ms, oldest first. */
  readonly #since = new Map<Connection, number>();
  readonly #timeoutMs: number;
  readonly #timer: NodeJS.Timeout;

  constructor(timeoutMs: number) {
    this.#timeoutMs = timeoutMs;
    this.#timer = setInterval(() => this.#look(), timeoutMs / LOOKS);
    this.#timer.unref();
  }

  /** A connection was opened, without a session. */
  came(connection: Connection): void {
    this.#since.set(connection, performance.now());
  }

  /** A connection has got a session, or closed. */
  forget(connection: Connection): void {
    this.#since.delete(connection);
  }

  close(): void {
    clearInterval(this.#timer);
  }

  #look(): void {
    const before = performance.now() - this.#timeoutMs;
    for (const [connection, since] of this.#since) {
      if (since > before) return;
      this.#since.delete(connection);
      connection.close('no_session');
    }
  }
}
