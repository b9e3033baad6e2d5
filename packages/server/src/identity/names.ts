import { cleanName, fail, formatLimits, type User } from '@madang/protocol';
import { claimName, holdNames, holdsName, releaseNames, saveUser, takeNameAway } from '../store/queries/users.js';
import type { Store } from '../store/store.js';
import { type Clock, MAX_LEAD_MS, PatientClock } from '../clock.js';
import { isReservedName, nameKey } from './name-key.js';

/** How long a departed guest's name stays reserved, in ms: for a reload, a lift, a restart of the server. */
const HOLD_MS = 15 * 60_000;

/**
 * Names. One guest at a time holds a nickname, and with it all names that look like it. Users of the host app have the
 * names that the app gives them, even if two of them share one; no guest gets one of those.
 */
export class Names {
  readonly #store: Store;
  readonly #clock: Clock;
  /** Decides when a name expires: connected users must not lose theirs when the clock jumps ahead. */
  readonly #patient: Clock;

  constructor(store: Store, clock: Clock) {
    this.#store = store;
    this.#clock = clock;
    this.#patient = new PatientClock(clock);
  }

  /** Claims a name for a user, and releases the previous one. Throws `conflict` if somebody else holds it. */
  async take(user: string, name: string): Promise<void> {
    if (isReservedName(name)) return fail('conflict', 'This name is reserved', { field: 'name' });
    if (!(await this.#claim(user, name))) {
      return fail('conflict', 'Somebody here has this name, or one that looks like it', { field: 'name' });
    }
    await releaseNames(this.#store.write, user, nameKey(name));
  }

  /** The app's name for one of its users, made to fit; based on their id if there is none. */
  static ofHostUser(name: unknown, id: string): string {
    const { nicknameChars } = formatLimits;
    const given = typeof name === 'string' ? name : '';
    return cleanName(given, nicknameChars) ?? cleanName(id, nicknameChars) ?? 'user';
  }

  /** Reserves a name permanently for a user of the app. Returns the guest who held it, and needs another one now. */
  async claim(user: User): Promise<User | undefined> {
    const key = nameKey(user.name);
    await saveUser(this.#store.write, user, key);
    return takeNameAway(this.#store, key);
  }

  /** The name for a returning user: their own, or one with a number if somebody else holds it now. */
  async retake(user: User): Promise<string> {
    for (let number = 1; ; number += 1) {
      const name = number === 1 ? user.name : `${user.name} ${number}`;
      const now = this.#clock.now();
      // Most returning users still hold theirs for long enough; that costs no write.
      const claim = { nameKey: nameKey(name), user: user.id, until: now + HOLD_MS / 2, latest: latestHold(now) };
      if (await holdsName(this.#store.read, claim)) return name;
      if (await this.#claim(user.id, name)) return name;
    }
  }

  /** Extends the claims of connected users to their names. To be called at least every 10 minutes. */
  hold(users: string[]): Promise<void> {
    return holdNames(this.#store.write, users, this.#clock.now() + HOLD_MS);
  }

  /** Releases a user's name. */
  release(user: string): Promise<void> {
    return releaseNames(this.#store.write, user);
  }

  #claim(user: string, name: string): Promise<boolean> {
    const now = this.#clock.now();
    const times = { now: this.#patient.now(), until: now + HOLD_MS, latest: latestHold(now) };
    return claimName(this.#store.write, { nameKey: nameKey(name), user, ...times });
  }
}

/** The latest time until which a name can be held, allowing for other nodes' clocks. */
function latestHold(now: number): number {
  return now + HOLD_MS + MAX_LEAD_MS;
}
