import type { Connection } from './connection.js';

/** Interval between looks at what waits for all clients, in ms. */
const LOOK_MS = 250;

/** What is let wait once there was too much, as a part of the bound: so that not each look has something to cut. */
const CUT_TO = 0.75;

/**
 * Bounds what waits in memory for all clients together. It looks at all connections four times a second, so that a
 * delivery costs nothing for it. Over the bound those for whom most waits are cut off, until the rest is below three
 * quarters of it, and new connections are refused until the next look.
 */
export class BufferBound {
  readonly #connections: { readonly all: ReadonlySet<Connection> };
  readonly #maxBytes: number;
  readonly #timer: NodeJS.Timeout;
  /** Those who were told that they are too slow, and may not have read even that. */
  #told = new Set<Connection>();
  #isFull = false;

  constructor(connections: { readonly all: ReadonlySet<Connection> }, maxBytes: number) {
    this.#connections = connections;
    this.#maxBytes = maxBytes;
    this.#timer = setInterval(() => this.#look(), LOOK_MS);
    this.#timer.unref();
  }

  /** Whether more waits than may: no new connection is let in. */
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
