import { MadangError } from '@madang/protocol';
import type { Caller } from '../commands/context.js';
import { toMadangError } from '../errors.js';
import type { DoorParts } from './door.js';

/** A connection's calls: bounded in number, and everything thrown is an error that a client may see. */
export class Calls {
  readonly #parts: DoorParts;
  #inFlight = 0;

  constructor(parts: DoorParts) {
    this.#parts = parts;
  }

  /** Runs a call; its answer, or its error. */
  async run(name: unknown, input: unknown, caller: Caller): Promise<{ result: unknown } | { error: MadangError }> {
    const { commands, limits, logger } = this.#parts;
    if (this.#inFlight >= limits.maxCallsInFlight) {
      const message = `More than ${limits.maxCallsInFlight} calls wait for an answer; send fewer at once`;
      return { error: new MadangError({ code: 'rate_limited', message, retryAfter: 1 }) };
    }
    this.#inFlight += 1;
    try {
      return { result: await commands.run(name, input, caller) };
    } catch (error) {
      return { error: toMadangError(error, logger) };
    } finally {
      this.#inFlight -= 1;
    }
  }
}
