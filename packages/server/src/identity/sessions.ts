import { fail, formatLimits, type User, type UserRef } from '@madang/protocol';
import { LRUCache } from 'lru-cache';
import { hash, randomBytes } from 'node:crypto';
import { type Clock, JumpWatch, MAX_LEAD_MS, PATIENCE_MS } from '../clock.js';
import {
  deleteSession,
  findSessionUser,
  insertSession,
  mendSessionTimes,
  sessionIdsOf,
  touchSessions,
} from '../store/queries/sessions.js';
import { findUser, saveUser, touchUsers } from '../store/queries/users.js';
import type { Store } from '../store/store.js';
import { refOf, type Session } from './actor.js';
import { Names } from './names.js';
import type { RateLimits } from './rate-limits.js';

/** A session that was not used for this long, in ms, has ended. */
const IDLE_MS = 90 * 24 * 3600_000;

/**
 * How long it is remembered that a user's sessions were ended, in ms: the app may be authenticating them at that
 * moment.
 */
const ENDED_MS = 60_000;

/** The form of tokens: 256 random bits. Anything else is not looked up. */
const TOKEN = /^[\w-]{43}$/;

/** A user as the host app knows them. */
export interface HostUser {
  /** Stable, any text of 1 to 254 bytes of UTF-8: a number's digits, an e-mail address. */
  id: string;
  /** Made to fit if necessary: white space collapsed, invisible characters removed, cut at 32 characters. */
  name: string;
}

/** Why a session ended. */
export type SessionEnd = 'signed_out' | 'revoked';

/** Sessions: opaque tokens that are stored only as hashes. */
export class Sessions {
  readonly #store: Store;
  readonly #names: Names;
  readonly #rateLimits: RateLimits;
  readonly #clock: Clock;
  readonly #ageing: Clock;
  readonly #guests: boolean;
  readonly #onCreated: (user: UserRef) => Promise<void>;
  readonly #rename: (user: User, name: string) => Promise<User>;
  readonly #jumps: JumpWatch;
  readonly #mending: NodeJS.Timeout;
  /** Users of the app who are being let in for the first time. */
  readonly #arriving = new Map<string, Promise<void>>();
  /** When sessions of the app's users were ended here, by `performance.now()`. */
  readonly #endedAt = new LRUCache<string, number>({ max: 1000, ttl: ENDED_MS });
  readonly #endListeners: ((session: Session, reason: SessionEnd) => void)[] = [];

  /**
   * `ageing` decides what has expired, `guests` whether guests are let in. `onCreated` receives every new user before
   * anyone else does. `rename` gives a user another name that they hold, and tells everybody.
   */
  constructor(parts: {
    store: Store;
    names: Names;
    rateLimits: RateLimits;
    clock: Clock;
    ageing: Clock;
    guests: boolean;
    onCreated: (user: UserRef) => Promise<void>;
    rename: (user: User, name: string) => Promise<User>;
  }) {
    this.#store = parts.store;
    this.#names = parts.names;
    this.#rateLimits = parts.rateLimits;
    this.#clock = parts.clock;
    this.#ageing = parts.ageing;
    this.#guests = parts.guests;
    this.#onCreated = parts.onCreated;
    this.#rename = parts.rename;
    this.#jumps = new JumpWatch(parts.clock);
    // The store's own health check reports a failure, and this runs again in an hour.
    this.#mending = setInterval(() => void this.mendTimes().catch(() => undefined), PATIENCE_MS).unref();
  }

  /** Calls the listener with each ended session, so that its connections are closed. */
  onEnd(listener: (session: Session, reason: SessionEnd) => void): void {
    this.#endListeners.push(listener);
  }

  /**
   * Starts a new guest's session, and charges their address. Throws `forbidden` if guests are off, `conflict` if the
   * name is taken, `rate_limited` if the address has brought too many.
   */
  async startGuest(name: string, address: string): Promise<{ session: Session; token: string }> {
    if (!this.#guests) return fail('forbidden', 'Guests are not allowed here');
    await this.#rateLimits.newUser(address);
    const user: User = {
      // 72 random bits: short, for each of the guest's events bears it.
      id: `g-${randomBytes(9).toString('base64url')}`,
      kind: 'guest',
      name,
      createdAt: this.#clock.now(),
    };
    await this.#names.take(user.id, name);
    await saveUser(this.#store.write, user);
    const token = randomBytes(32).toString('base64url');
    const id = hashOf(token);
    await insertSession(this.#store.write, id, user.id, this.#clock.now());
    await this.#onCreated(refOf(user));
    return { session: { id, user }, token };
  }

  /**
   * The session of a token that came from an address, or undefined. Throws `rate_limited` after too many invalid ones.
   */
  async find(token: string, address: string): Promise<Session | undefined> {
    const id = hashOf(token);
    const since = this.#ageing.now() - IDLE_MS;
    const user = TOKEN.test(token) ? await findSessionUser(this.#store.read, id, since) : undefined;
    if (user) return { id, user };
    await this.#rateLimits.wrongToken(address);
    return undefined;
  }

  /**
   * The session of a user who is signed in to the host app. Undefined if their sessions were ended since the app was
   * asked, at `askedAt` of `performance.now()`: its answer may be from before.
   */
  async ofHostUser(host: HostUser, askedAt: number): Promise<Session | undefined> {
    const id = userIdOf(host.id);
    const known = await findUser(this.#store.read, id);
    const name = Names.ofHostUser(host.name, host.id);
    const user: User = { id, kind: 'host', name, createdAt: known?.createdAt ?? this.#clock.now() };
    if (known?.name !== name && !this.#arriving.has(id)) this.#arriving.set(id, this.#arrive(user, known));
    // A page's first requests arrive together: the later ones also wait until the user is in the lobby.
    await this.#arriving.get(id);
    const session = { id: await this.#signInOf(id), user };
    return (this.#endedAt.get(id) ?? -Infinity) >= askedAt ? undefined : session;
  }

  /**
   * Ends all sessions of a host app's user, at every transport and node. Does nothing for a user who was never here.
   */
  async endAllOf(hostId: string): Promise<void> {
    const userId = userIdOf(hostId);
    this.#endedAt.set(userId, performance.now());
    const user = await findUser(this.#store.read, userId);
    if (!user) return;
    for (const id of await sessionIdsOf(this.#store.read, user.id)) await this.end({ id, user }, 'revoked');
  }

  /**
   * Gives a host app's user a session here too, which no token opens: so that it can be ended, and every node sees
   * that.
   */
  async #signInOf(user: string): Promise<string> {
    const [known] = await sessionIdsOf(this.#store.read, user);
    if (known !== undefined) return known;
    const id = `host-${randomBytes(24).toString('base64url')}`;
    await insertSession(this.#store.write, id, user, this.#clock.now());
    return id;
  }

  /** Lets in a user of the app who is new, or has a new name. A guest who held that name gets a number. */
  async #arrive(user: User, known: User | undefined): Promise<void> {
    try {
      const displaced = await this.#names.claim(user);
      if (displaced) await this.#rename(displaced, await this.#names.retake(displaced));
      if (known) await this.#rename(known, user.name);
      else await this.#onCreated(refOf(user));
    } finally {
      this.#arriving.delete(user.id);
    }
  }

  /** Ends a session: revokes its token, and releases a guest's name. */
  async end(session: Session, reason: SessionEnd): Promise<void> {
    await deleteSession(this.#store.write, session.id);
    if (session.user.kind === 'guest') await this.#names.release(session.user.id);
    for (const listener of this.#endListeners) listener(session, reason);
  }

  /**
   * A session last used in the future would never expire: the time is changed to now. Does nothing for an hour after
   * the clock has jumped: a clock that is still wrong, as on a machine just switched on, would affect all sessions.
   */
  async mendTimes(): Promise<void> {
    if (this.#jumps.hasJumped()) return;
    const now = this.#clock.now();
    await mendSessionTimes(this.#store.write, now, now + MAX_LEAD_MS);
  }

  /** Stops the timers. */
  close(): void {
    clearInterval(this.#mending);
  }

  /** Records that users are online. */
  async touch(users: string[]): Promise<void> {
    const now = this.#clock.now();
    await touchUsers(this.#store.write, users, now);
    await touchSessions(this.#store.write, users, now);
  }
}

/**
 * Our id for a host app's user: anything that is not printable ASCII is percent-encoded, and the percent sign itself,
 * so that no two users share one.
 */
function userIdOf(hostId: unknown): string {
  const isText = typeof hostId === 'string' && hostId.isWellFormed();
  const bytes = isText ? Buffer.byteLength(hostId) : 0;
  if (isText && bytes > 0 && bytes <= formatLimits.hostIdBytes) {
    return `u-${hostId.replaceAll(/[^\x21-\x7e]|%/gu, encodeURIComponent)}`;
  }
  throw new Error(
    `The id of an app's user, as authenticate() gives it, must be a text of 1 to ${formatLimits.hostIdBytes} bytes of UTF-8`,
  );
}

function hashOf(token: string): string {
  return hash('sha256', token, 'base64url');
}
