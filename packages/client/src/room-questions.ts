import { BackOff, type BackOffOptions } from './back-off.js';
import { errorFrom, mayRetry } from './errors.js';
import { Timers } from './timers.js';

/** A room that is being asked about. */
interface Question {
  /** There was another reason to ask after the question was sent. */
  isOld: boolean;
  backOff: BackOff;
}

/**
 * Asks the server about rooms: one question per room at a time, and another one if there was a reason for it meanwhile. What
 * fails is asked again, if that can help. Nothing is asked while disconnected, since the next session begins with every room.
 */
export class RoomQuestions {
  readonly #ask: (room: string) => Promise<void>;
  readonly #backOff: BackOffOptions | undefined;
  readonly #timers = new Timers();
  readonly #questions = new Map<string, Question>();

  /** `ask` fetches a room and applies the answer. It rejects if that fails. */
  constructor(ask: (room: string) => Promise<void>, backOff: BackOffOptions | undefined) {
    this.#ask = ask;
    this.#backOff = backOff;
  }

  /** There is a reason to ask about a room. */
  ask(room: string): void {
    const known = this.#questions.get(room);
    if (known) {
      known.isOld = true;
      return;
    }
    const question = { isOld: false, backOff: new BackOff(this.#backOff) };
    this.#questions.set(room, question);
    void this.#run(room, question);
  }

  /** The connection is gone. */
  pause(): void {
    this.#questions.clear();
  }

  /** Ends all questions. Safe twice. */
  close(): void {
    this.pause();
    this.#timers.close();
  }

  async #run(room: string, question: Question): Promise<void> {
    if (this.#questions.get(room) !== question) return;
    question.isOld = false;
    try {
      await this.#ask(room);
    } catch (thrown) {
      const error = errorFrom(thrown);
      if (mayRetry(error)) {
        const waitMs = error.retryAfter === undefined ? question.backOff.next() : error.retryAfter * 1000;
        this.#timers.after(waitMs, () => void this.#run(room, question));
        return;
      }
      // The caller is not in the room, or no longer; the event of their leaving says so.
    }
    if (question.isOld) return this.#run(room, question);
    if (this.#questions.get(room) === question) this.#questions.delete(room);
  }
}
