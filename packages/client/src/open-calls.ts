import { unavailable } from './errors.js';

interface OpenCall {
  resolve(output: unknown): void;
  reject(error: Error): void;
}

/** The unanswered calls of one connection, by their number. */
export class OpenCalls {
  readonly #calls = new Map<number, OpenCall>();
  #lastId = 0;
  #isClosed = false;

  /** Opens a call; `send` puts it on the wire. `id` is the number of one that already is; they are numbered from 1 otherwise. */
  open(send: (id: number) => void, id?: number): Promise<unknown> {
    return new Promise((resolve, reject) => {
      if (this.#isClosed) return reject(unavailable('The connection was lost'));
      const number = id ?? (this.#lastId += 1);
      this.#calls.set(number, { resolve, reject });
      send(number);
    });
  }

  /** Removes and returns a call, to settle it; undefined if it is not, or no longer, open. */
  take(id: number): OpenCall | undefined {
    const call = this.#calls.get(id);
    this.#calls.delete(id);
    return call;
  }

  /** Rejects all open calls, and all further ones, with `unavailable`. */
  close(): void {
    this.#isClosed = true;
    for (const call of this.#calls.values()) call.reject(unavailable('The connection was lost'));
    this.#calls.clear();
  }
}
