import { cleanName, fail, formatLimits, type User } from '@madang/protocol';
import { claimName, holdNames, holdsName, releaseNames, saveUser, takeNameAway } from '../store/queries/users.js';
import type { Store } from '../store/store.js';
import { type Clock, MAX_LEAD_MS, PatientClock } from '../clock.js';
import { isReservedName, nameKey } from './name-key.js';

/** How long a name is kept for somebody who went, in ms: a reload, a lift, a restart of the server. */
const HOLD_MS = 15 * 60_000;

/**
 * Names. A nickname is held by one guest at a time, together with all that look like it. Users of the app that this chat
 * belongs to have the names that the app gives them, two of them the same one if it says so; no guest gets one of those.
 */
export class Names {
  readonly #store: Store;
  readonly #clock: Clock;
  /** By it a name runs out: those of people who are here are not up for grabs where the clock jumps ahead. */
  readonly #patient: Clock;

  constructor(store: Store, clock: Clock) {
    this.#store = store;
    this.#clock = clock;
    this.#patient = new PatientClock(clock);
  }

  /** Takes a name for a user, who gives back the one before. Throws `conflict` when somebody else holds it. */
  async take(user: string, name: string): Promise<void> {
    if (isReservedName(name)) return fail('conflict', 'This name is reserved', { field: 'name' });
    if (!(await this.#claim(user, name))) {
      return fail('conflict', 'Somebody here has this name, or one that looks like it', { field: 'name' });
    }
    await releaseNames(this.#store.write, user, nameKey(name));
  }

  /** A name that the app gives one of its users, made to fit where it doesn't; without any, by their id. */
  static ofHostUser(name: unknown, id: string): string {
    const { nicknameChars } = formatLimits;
    const given = typeof name === 'string' ? name : '';
    return cleanName(given, nicknameChars) ?? cleanName(id, nicknameChars) ?? 'user';
  }

  /** Gives a user of the app their name for good. Answers the guest who had it, and needs another one now. */
  async claim(user: User): Promise<User | undefined> {
    const key = nameKey(user.name);
    await saveUser(this.#store.write, user, key);
    return takeNameAway(this.#store, key);
  }

  /** The name that somebody who comes back can have: their own, or with a number when another holds it now. */
  async retake(user: User): Promise<string> {
    for (let number = 1; ; number += 1) {
      const name = number === 1 ? user.name : `${user.name} ${number}`;
      const now = this.#clock.now();
      // Most who come back still hold theirs for long enough; that costs no write.
      const claim = { nameKey: nameKey(name), user: user.id, until: now + HOLD_MS / 2, latest: latestHold(now) };
      if (await holdsName(this.#store.read, claim)) return name;
      if (await this.#claim(user.id, name)) return name;
    }
  }

  /** Holds the names of users who are here. Call it at least every 10 minutes. */
  hold(users: string[]): Promise<void> {
    return holdNames(this.#store.write, users, this.#clock.now() + HOLD_MS);
  }

  /** Gives a user's name back. */
  release(user: string): Promise<void> {
    return releaseNames(this.#store.write, user);
  }

  #claim(user: string, name: string): Promise<boolean> {
    const now = this.#clock.now();
    const times = { now: this.#patient.now(), until: now + HOLD_MS, latest: latestHold(now) };
    return claimName(this.#store.write, { nameKey: nameKey(name), user, ...times });
  }
}

/** Until when a name can be held at most, other nodes' clocks considered. */
function latestHold(now: number): number {
  return now + HOLD_MS + MAX_LEAD_MS;
}
