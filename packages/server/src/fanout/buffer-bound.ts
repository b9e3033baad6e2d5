import type { Connection } from './connection.js';

/** Interval between checks of the output that waits for all clients, in ms. */
const LOOK_MS = 250;

/** The part of the limit to reduce to once it was exceeded, so that not every check disconnects somebody. */
const CUT_TO = 0.75;

/**
 * Limits the output that waits in memory for all clients together. It checks all connections four times a second, so
 * deliveries pay nothing for it. Above the limit it disconnects those with the most waiting output until the rest is
 * below three quarters of the limit, and refuses new connections until the next check.
 */
export class BufferBound {
  readonly #connections: { readonly all: ReadonlySet<Connection> };
  readonly #maxBytes: number;
  readonly #timer: NodeJS.Timeout;
  /** Clients that were told they are too slow, and may not even have read that. */
  #told = new Set<Connection>();
  #isFull = false;

  constructor(connections: { readonly all: ReadonlySet<Connection> }, maxBytes: number) {
    this.#connections = connections;
    this.#maxBytes = maxBytes;
    this.#timer = setInterval(() => this.#look(), LOOK_MS);
    this.#timer.unref();
  }

  /** Whether too much waits: no new connection is admitted. */
  get isFull(): boolean {
    return this.#isFull;
  }

  close(): void {
    clearInterval(this.#timer);
  }

  #look(): void {
    let total = 0;
    const waiting: { connection: Connection; bytes: number }[] = [];
    for (const connection of this.#connections.all) {
      const bytes = connection.queuedBytes();
      if (bytes === 0) continue;
      total += bytes;
      waiting.push({ connection, bytes });
    }
    this.#isFull = total > this.#maxBytes;
    if (this.#isFull) this.#cut(waiting, total);
    else this.#told.clear();
  }

  #cut(waiting: { connection: Connection; bytes: number }[], total: number): void {
    const told = new Set<Connection>();
    let left = total;
    for (const { connection, bytes } of waiting.sort((a, b) => b.bytes - a.bytes)) {
      if (left <= this.#maxBytes * CUT_TO) break;
      left -= bytes;
      if (this.#told.has(connection)) connection.terminate();
      else connection.close('too_slow');
      told.add(connection);
    }
    this.#told = told;
  }
}
