/** What a call came to: an answer, an error that the server named (`retryAfter` in seconds), or nothing. */
export type Answer =
  | { result: Record<string, unknown> }
  | { error: { code: string; message: string; retryAfter?: number } }
  | { lost: string };

/** A live connection at one of the server's transports, without any cleverness. */
export interface Transport {
  call(name: string, input: Record<string, unknown>): Promise<Answer>;
  /** Stops reading what comes, without closing; only where the transport can. */
  pause?(): void;
  resume?(): void;
  /** Bytes that came over the connection. */
  bytesRead?(): number;
  /** The port of this end. */
  localPort?(): number;
  close(): void;
}

/** What a transport tells. `closed` comes once, and nothing after it. */
export interface TransportHooks {
  heard(name: string, body: Record<string, unknown>): void;
  closed(): void;
}

/** Where to go, and as whom. */
export interface TransportTarget {
  url: string;
  token: string;
  /** After so many ms without a sign of life from the server the connection is given up. */
  silenceMs: number;
  /** The event stream's `Last-Event-ID`. */
  lastEventId?: string;
}

/** Opens a transport; rejects when it can't be opened. */
export type OpenTransport = (target: TransportTarget, hooks: TransportHooks) => Promise<Transport>;

/** How long an answer is waited for, in ms. */
export const ANSWER_MS = 10_000;

/** How long an opening is waited for, in ms. */
export const OPEN_MS = 10_000;

/** Calls that wait for an answer. */
export class Waiting {
  readonly #calls = new Map<number, (answer: Answer) => void>();
  #nextId = 1;

  /** Leaves a call waiting; `send` gets its id. */
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

  /** The connection is gone: nobody will say. */
  abandon(): void {
    for (const id of [...this.#calls.keys()]) this.settle(id, { lost: 'the connection closed' });
  }
}
