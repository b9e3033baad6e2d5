import { type Budget, type Budgets, MadangError } from '@madang/protocol';
import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible';

/** How often what was spent here is told to the other nodes, in ms. */
const SHARE_MS = 200;

/** Who has spent less of a budget here than this part of it isn't counted together: most never come near it. */
const SHARED_FROM = 0.1;

/** How many spenders are told at once; more than that are counted by each node alone. */
const MAX_UNSHARED = 10_000;

/** How many addresses' worth an IPv6 site may spend: whoever has a /48 has 65,536 networks of a host's size. */
const ADDRESSES_PER_SITE = 8;

/** Adds to a count that all nodes share for a window; `undefined` when that can't be done now. */
export type SharedCount = (
  key: string,
  points: number,
  windowMs: number,
) => Promise<{ total: number; msLeft: number } | undefined>;

/** What is counted for whom, by how much of a user's budget they have. */
interface Purse {
  budget: string;
  points: number;
  seconds: number;
  limiter: RateLimiterMemory;
}

/** Whose call it is. */
export interface Spender {
  /** The user; absent where there is none yet: then all such callers of an address are one. */
  user?: string | undefined;
  address: string;
}

/** The budgets of a server. */
export interface RateLimitSettings {
  /** What one user may spend. */
  budgets: Budgets;
  /** New people that a user may be contacted by, and may contact. */
  contacts: { points: number; seconds: number };
  /** How many users' budgets an address has. */
  usersPerAddress: number;
}

/**
 * Budgets of calls. The rule: a call spends its user's budget and its address's, which is that of `usersPerAddress` users
 * (and an IPv6 site's, which is that of some addresses). A call that looks for a user, or makes one, spends its address's
 * alone, whatever session its connection has. So no change of session, connection or transport gives an address more
 * than it may spend.
 *
 * A call is decided by what this node knows, so that it waits for nobody. With other nodes what was spent is added up
 * behind it, and whoever has spent too much over all nodes is refused here as well; that is known some hundred ms late, and
 * not at all while the bus is down.
 */
export class RateLimits {
  readonly #users: Record<Budget, Purse> | undefined;
  readonly #addresses: Record<Budget, Purse> | undefined;
  readonly #sites: Record<Budget, Purse> | undefined;
  readonly #contacts: Purse | undefined;
  readonly #unshared = new Map<string, { purse: Purse; spender: string; points: number }>();
  readonly #count: SharedCount | undefined;
  #isSharing = false;

  /** Without settings nothing is limited, as for a benchmark. `count` adds up what is spent, where there are other nodes. */
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
   * Spends a call, which counts as `points`. Throws `rate_limited` when there is nothing left. The user's budget comes
   * first: what one is refused for spends nothing of what is left for others at their address.
   */
  async spend(budget: Budget, { user, address }: Spender, points = 1): Promise<void> {
    if (!this.#users) return;
    await this.#take(this.#users[budget], user ?? `nobody at ${address}`, points);
    await this.spendAddress(budget, address, points);
  }

  /** Spends what a call costs that nobody has a budget for yet, as it looks for a user or makes one. */
  async spendAddress(budget: Budget, address: string, points = 1): Promise<void> {
    if (!this.#addresses || !this.#sites) return;
    const site = siteOf(address);
    if (site !== undefined) await this.#take(this.#sites[budget], site, points);
    await this.#take(this.#addresses[budget], address, points);
  }

  /**
   * A new user costs their address all that one user may spend on sessions, since a user's budgets come with them: an
   * address brings `usersPerAddress` users in that time. The call that asked for it has spent a point of it.
   */
  async newUser(address: string): Promise<void> {
    const points = this.#users?.session.points ?? 1;
    if (points > 1) await this.spendAddress('session', address, points - 1);
  }

  /** A token that is none: whoever guesses spends what is there for sessions, and whoever has a right one does not. */
  async wrongToken(address: string): Promise<void> {
    await this.spendAddress('session', address);
  }

  /** One user brings another one something new: a direct room, an invitation. Both have a budget for it. */
  async contact(from: string, to: string): Promise<void> {
    if (!this.#contacts) return;
    await this.#take(this.#contacts, `by ${from}`, 1);
    await this.#take(this.#contacts, `of ${to}`, 1);
  }

  async #take(purse: Purse, spender: string, points: number): Promise<void> {
    // What costs more than there is costs all of it: it must be possible once in a while.
    const cost = Math.min(points, purse.points);
    try {
      const spent = await purse.limiter.consume(spender, cost);
      if (this.#count) this.#note(purse, spender, cost, spent.consumedPoints);
    } catch (spent) {
      if (!(spent instanceof RateLimiterRes)) throw spent;
      // Never longer than the window: the limiter counts by a clock that may be put back.
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
      // The first that is told is told with all that was spent before it.
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

/** The /48 that an IPv6 address, which is counted by its /64, belongs to. */
function siteOf(address: string): string | undefined {
  return address.endsWith('::/64') ? `${address.split(':').slice(0, 3).join(':')}::/48` : undefined;
}

function tooMany(retryAfter: number): MadangError {
  return new MadangError({ code: 'rate_limited', message: `Too many calls; try again in ${retryAfter} s`, retryAfter });
}
