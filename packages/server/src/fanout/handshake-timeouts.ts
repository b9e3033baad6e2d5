import type { Connection } from './connection.js';

/** How often it is looked, for each time-out. */
const LOOKS = 4;

/** Closes connections that stay without a session for too long: each costs a place, and can do nothing. */
export class HandshakeTimeouts {
  /** Since when, in ms; who came first is first. */
  readonly #since = new Map<Connection, number>();
  readonly #timeoutMs: number;
  readonly #timer: NodeJS.Timeout;

  constructor(timeoutMs: number) {
    this.#timeoutMs = timeoutMs;
    this.#timer = setInterval(() => this.#look(), timeoutMs / LOOKS);
    this.#timer.unref();
  }

  /** A connection has come, without a session. */
  came(connection: Connection): void {
    this.#since.set(connection, performance.now());
  }

  /** A connection has a session, or is closed. */
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
