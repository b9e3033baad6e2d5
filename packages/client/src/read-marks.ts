import type { CommandOutput } from '@madang/protocol';
import type { Call } from './connection.js';
import { errorFrom, mayRetry } from './errors.js';
import { Timers } from './timers.js';

/** Marks set within this time, in ms, are sent to the server as one. */
const COALESCE_MS = 200;

/** Tells the server how far rooms have been read: the newest mark of each, and later if it can't be sent now. */
export class ReadMarks {
  readonly #call: Call;
  readonly #marked: (answer: CommandOutput<'read.mark'>) => void;
  readonly #timers = new Timers();
  readonly #marks = new Map<string, number>();
  #isWaiting = false;

  /** `marked` is called with what is left to read after a mark. */
  constructor(call: Call, marked: (answer: CommandOutput<'read.mark'>) => void) {
    this.#call = call;
    this.#marked = marked;
  }

  /** Marks a room as read up to a seq. */
  mark(room: string, seq: number): void {
    if (seq <= (this.#marks.get(room) ?? 0)) return;
    this.#marks.set(room, seq);
    this.flushSoon();
  }

  /** Sends pending marks soon, as after connecting. */
  flushSoon(): void {
    if (this.#isWaiting || this.#marks.size === 0) return;
    this.#isWaiting = true;
    this.#timers.after(COALESCE_MS, () => {
      this.#isWaiting = false;
      for (const [room, seq] of this.#marks) void this.#tell(room, seq);
    });
  }

  clear(): void {
    this.#marks.clear();
  }

  /** Stops; pending marks are not sent. May be called twice. */
  close(): void {
    this.#timers.close();
  }

  async #tell(room: string, seq: number): Promise<void> {
    try {
      this.#marked(await this.#call('read.mark', { room, seq }));
    } catch (error) {
      if (mayRetry(errorFrom(error))) return;
    }
    if (this.#marks.get(room) === seq) this.#marks.delete(room);
  }
}
