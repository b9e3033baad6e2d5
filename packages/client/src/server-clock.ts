import { Value } from './observable.js';

/**
 * The server's time, by the device's clock and how far it was off when a session began. The times of messages are the
 * server's: on a device whose date is wrong, "today" by its own clock would be another day.
 */
export class ServerClock {
  /** How far the server's clock is ahead of the device's, in ms. */
  readonly offset = new Value(0);

  /** `now` is the server's time, just received; undefined from a server that does not tell it. */
  learn(now: number | undefined): void {
    if (now !== undefined) this.offset.set(now - Date.now());
  }

  /** In ms since 1970. */
  readonly now = (): number => Date.now() + this.offset.get();
}
