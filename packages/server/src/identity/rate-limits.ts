import { type Budget, type Budgets, MadangError } from '@madang/protocol';
import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible';

/** Interval for sharing what was spent with the other nodes, in ms. */
const SHARE_MS = 200;

/** Users who have spent less than this part of a budget here aren't counted together: most never come near it. */
const SHARED_FROM = 0.1;

/** The most spenders to share at once; each node counts any beyond that on its own. */
const MAX_UNSHARED = 10_000;

/** How many addresses' budgets an IPv6 site may spend: a /48 contains 65,536 networks the size of a host's. */
const ADDRESSES_PER_SITE = 8;

/** Adds to a count that all nodes share for one window; undefined if that isn't possible now. */
export type SharedCount = (
  key: string,
  points: number,
  windowMs: number,
) => Promise<{ total: number; msLeft: number } | undefined>;

/** A kind of budget and its holder: a user, an address or a site. */
interface Purse {
  budget: string;
  points: number;
  seconds: number;
  limiter: RateLimiterMemory;
}

/** Who pays for a call. */
export interface Spender {
  /** The user; absent if there is none yet: all such callers of an address count as one. */
  user?: string | undefined;
  address: string;
}

/** The budgets of a server. */
export interface RateLimitSettings {
  /** One user's budgets. */
  budgets: Budgets;
  /** New contacts that a user may receive, and may make. */
  contacts: { points: number; seconds: number };
  /** How many users' budgets an address has. */
  usersPerAddress: number;
}

/**
 * Budgets for calls. A call spends its user's budget and its address's, which is `usersPerAddress` times as large (and
 * an IPv6 site's, which is that of several addresses). A call that looks for a user, or creates one, spends only its
 * address's budget, whatever session its connection has. So no change of session, connection or transport lets an
 * address spend more.
 *
 * Each call is decided by what this node knows, so that it waits for nobody. With other nodes, spending is added up in
 * the background, and whoever has spent too much over all nodes is refused here too. That takes some hundred ms, and
 * doesn't work while the bus is down.
 */
export class RateLimits {
  readonly #users: Record<Budget, Purse> | undefined;
  readonly #addresses: Record<Budget, Purse> | undefined;
  readonly #sites: Record<Budget, Purse> | undefined;
  readonly #contacts: Purse | undefined;
  readonly #unshared = new Map<string, { purse: Purse; spender: string; points: number }>();
  readonly #count: SharedCount | undefined;
  #isSharing = false;

  /**
   * Without settings nothing is limited, as for a benchmark. `count` adds up spending over all nodes, if there are
   * others.
   */
  constructor(settings: RateLimitSettings | undefined, count?: SharedCount) {
    this.#count = count;
    if (!settings) return;
    const { budgets, contacts, usersPerAddress } = settings;
    this.#users = pursesOf(budgets, 1);
    this.#addresses = pursesOf(budgets, usersPerAddress);
    this.#sites = pursesOf(budgets, usersPerAddress * ADDRESSES_PER_SITE);
    this.#contacts = purseOf('contact', contacts, 1);
  }

  /**
   * Charges for a call that counts as `points`. Throws `rate_limited` if the budget is used up. The user's budget comes
   * first: a call refused by it spends nothing of what is left for others at the address.
   */
  async spend(budget: Budget, { user, address }: Spender, points = 1): Promise<void> {
    if (!this.#users) return;
    await this.#take(this.#users[budget], user ?? `nobody at ${address}`, points);
    await this.spendAddress(budget, address, points);
  }

  /** Charges the address for a call that has no user yet because it looks for one or creates one. */
  async spendAddress(budget: Budget, address: string, points = 1): Promise<void> {
    if (!this.#addresses || !this.#sites) return;
    const site = siteOf(address);
    if (site !== undefined) await this.#take(this.#sites[budget], site, points);
    await this.#take(this.#addresses[budget], address, points);
  }

  /**
   * A new user costs their address everything one user may spend on sessions, since a user's budgets come with it: an
   * address brings `usersPerAddress` users in that time. The call itself has already spent one point of it.
   */
  async newUser(address: string): Promise<void> {
    const points = this.#users?.session.points ?? 1;
    if (points > 1) await this.spendAddress('session', address, points - 1);
  }

  /** An invalid token: guessing spends the session budget, while a valid token does not. */
  async wrongToken(address: string): Promise<void> {
    await this.spendAddress('session', address);
  }

  /** One user makes a new contact with another, by a direct room or an invitation. Both have a budget for it. */
  async contact(from: string, to: string): Promise<void> {
    if (!this.#contacts) return;
    await this.#take(this.#contacts, `by ${from}`, 1);
    await this.#take(this.#contacts, `of ${to}`, 1);
  }

  async #take(purse: Purse, spender: string, points: number): Promise<void> {
    // If it costs more than a full budget, it costs a full budget: it must be possible now and then.
    const cost = Math.min(points, purse.points);
    try {
      const spent = await purse.limiter.consume(spender, cost);
      if (this.#count) this.#note(purse, spender, cost, spent.consumedPoints);
    } catch (spent) {
      if (!(spent instanceof RateLimiterRes)) throw spent;
      // Never longer than the window: the limiter's clock may be set back.
      throw tooMany(Math.min(purse.limiter.duration, Math.max(1, Math.ceil(spent.msBeforeNext / 1000))));
    }
  }

  #note(purse: Purse, spender: string, points: number, consumed: number): void {
    const from = Math.ceil(purse.points * SHARED_FROM);
    if (consumed < from) return;
    const key = `${purse.budget}:${spender}`;
    const noted = this.#unshared.get(key);
    if (noted) noted.points += points;
    else if (this.#unshared.size < MAX_UNSHARED) {
      // The first share includes everything spent before it.
      this.#unshared.set(key, { purse, spender, points: consumed - points < from ? consumed : points });
    }
    if (this.#isSharing) return;
    this.#isSharing = true;
    setTimeout(() => this.#shareNow(), SHARE_MS).unref();
  }

  #shareNow(): void {
    this.#isSharing = false;
    const unshared = [...this.#unshared];
    this.#unshared.clear();
    for (const [key, { purse, spender, points }] of unshared) void this.#add(key, purse, spender, points);
  }

  async #add(key: string, purse: Purse, spender: string, points: number): Promise<void> {
    const sum = await this.#count?.(`spent:${key}`, points, purse.seconds * 1000);
    if (sum && sum.total > purse.points) {
      await purse.limiter.block(spender, Math.max(1, Math.ceil(sum.msLeft / 1000)));
    }
  }
}

function pursesOf(budgets: Budgets, users: number): Record<Budget, Purse> {
  const purses = Object.entries(budgets).map(([name, budget]) => [name, purseOf(name, budget, users)]);
  return Object.fromEntries(purses) as Record<Budget, Purse>;
}

function purseOf(budget: string, { points, seconds }: { points: number; seconds: number }, users: number): Purse {
  const all = points * users;
  return { budget, points: all, seconds, limiter: new RateLimiterMemory({ points: all, duration: seconds }) };
}

/** The /48 of an IPv6 address that is counted by its /64. */
function siteOf(address: string): string | undefined {
  return address.endsWith('::/64') ? `${address.split(':').slice(0, 3).join(':')}::/48` : undefined;
}

function tooMany(retryAfter: number): MadangError {
  return new MadangError({ code: 'rate_limited', message: `Too many calls; try again in ${retryAfter} s`, retryAfter });
}
