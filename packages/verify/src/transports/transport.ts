/** The outcome of a call: an answer, the server's error (`retryAfter` in seconds), or nothing. */
export type Answer =
  | { result: Record<string, unknown> }
  | { error: { code: string; message: string; retryAfter?: number } }
  | { lost: string };

/** A live connection at one of the server's transports, with nothing added. */
export interface Transport {
  call(name: string, input: Record<string, unknown>): Promise<Answer>;
  /** Stops reading without closing; only where the transport can. */
  pause?(): void;
  resume?(): void;
  /** Bytes received over the connection. */
  bytesRead?(): number;
  /** The port of this end. */
  localPort?(): number;
  close(): void;
}

/** Callbacks of a transport. `closed` is called once, and nothing after it. */
export interface TransportHooks {
  heard(name: string, body: Record<string, unknown>): void;
  closed(): void;
}

/** The server and the identity to connect with. */
export interface TransportTarget {
  url: string;
  token: string;
  /** After this long without a sign of life from the server, in ms, the connection is given up. */
  silenceMs: number;
  /** The event stream's `Last-Event-ID`. */
  lastEventId?: string;
}

/** Opens a transport; rejects if it can't be opened. */
export type OpenTransport = (target: TransportTarget, hooks: TransportHooks) => Promise<Transport>;

/** How long to wait for an answer, in ms. */
export const ANSWER_MS = 10_000;

/** How long to wait for an opening, in ms. */
export const OPEN_MS = 10_000;

/** Calls waiting for an answer. */
export class Waiting {
  readonly #calls = new Map<number, (answer: Answer) => void>();
  #nextId = 1;

  /** Adds a waiting call; `send` gets its id. */
  ask(send: (id: number) => void): Promise<Answer> {
    const id = this.#nextId++;
    return new Promise((resolve) => {
      const timer = setTimeout(() => this.settle(id, { lost: 'no answer in time' }), ANSWER_MS);
      this.#calls.set(id, (answer) => {
        clearTimeout(timer);
        resolve(answer);
      });
      send(id);
    });
  }

  settle(id: number, answer: Answer): void {
    const resolve = this.#calls.get(id);
    this.#calls.delete(id);
    resolve?.(answer);
  }

  /** The connection is gone: there will be no answer. */
  abandon(): void {
    for (const id of [...this.#calls.keys()]) this.settle(id, { lost: 'the connection closed' });
  }
}
