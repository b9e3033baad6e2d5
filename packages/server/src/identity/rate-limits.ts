import { type Budget, type Budgets, MadangError } from '@madang/protocol';
import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible';

/** How often what was spent here is told to the other nodes, in ms. */
const SHARE_MS = 200;

/** Who has spent less of a budget here than this part of it isn't counted together: most never come near it. */
const SHARED_FROM = 0.1;

/** How many spenders are told at once; more than that are counted by each node alone. */
const MAX_UNSHARED = 10_000;

/** Adds to a count that all nodes share for a window; `undefined` when that can't be done now. */
export type SharedCount = (
  key: string,
  points: number,
  windowMs: number,
) => Promise<{ total: number; msLeft: number } | undefined>;

/**
 * Budgets of calls, for each user, or for each address before there is one. A call is decided by what this node knows, so
 * that it waits for nobody. With other nodes what was spent is added up behind it, and who has spent too much over all
 * nodes is refused here as well; that is known some hundred ms late, and not at all while the bus is down.
 */
export class RateLimits {
  readonly #budgets: Budgets | undefined;
  readonly #limiters: Record<Budget, RateLimiterMemory> | undefined;
  readonly #unshared = new Map<string, { budget: Budget; spender: string; points: number }>();
  #count: SharedCount | undefined;
  #isSharing = false;

  /** Without budgets nothing is limited, as for a benchmark. */
  constructor(budgets?: Budgets) {
    if (!budgets) return;
    this.#budgets = budgets;
    this.#limiters = Object.fromEntries(
      Object.entries(budgets).map(([name, { points, seconds }]) => [
        name,
        new RateLimiterMemory({ points, duration: seconds }),
      ]),
    ) as Record<Budget, RateLimiterMemory>;
  }

  /** With other nodes: adds up what is spent. */
  share(count: SharedCount): void {
    this.#count = count;
  }

  /**
   * Spends a call's points. Throws `rate_limited` when there aren't as many left. A call that costs more than the whole
   * budget costs all of it: it must be possible once in a while.
   */
  async spend(budget: Budget, spender: string, points = 1): Promise<void> {
    if (!this.#budgets) return;
    const cost = Math.min(points, this.#budgets[budget].points);
    try {
      const spent = await this.#limiters?.[budget].consume(spender, cost);
      if (spent && this.#count) this.#note({ budget, spender, points: cost }, spent.consumedPoints);
    } catch (spent) {
      if (!(spent instanceof RateLimiterRes)) throw spent;
      throw tooMany(Math.max(1, Math.ceil(spent.msBeforeNext / 1000)));
    }
  }

  #note({ budget, spender, points }: { budget: Budget; spender: string; points: number }, consumed: number): void {
    const from = Math.ceil((this.#budgets?.[budget].points ?? Infinity) * SHARED_FROM);
    if (consumed < from) return;
    const key = `${budget}:${spender}`;
    const noted = this.#unshared.get(key);
    if (noted) noted.points += points;
    else if (this.#unshared.size < MAX_UNSHARED) {
      this.#unshared.set(key, { budget, spender, points: consumed - points < from ? consumed : points });
    }
    if (this.#isSharing) return;
    this.#isSharing = true;
    setTimeout(() => this.#shareNow(), SHARE_MS).unref();
  }

  #shareNow(): void {
    this.#isSharing = false;
    const unshared = [...this.#unshared];
    this.#unshared.clear();
    for (const [key, { budget, spender, points }] of unshared) void this.#add(key, budget, spender, points);
  }

  async #add(key: string, budget: Budget, spender: string, points: number): Promise<void> {
    if (!this.#budgets) return;
    const { points: most, seconds } = this.#budgets[budget];
    const sum = await this.#count?.(`spent:${key}`, points, seconds * 1000);
    if (sum && sum.total > most) {
      await this.#limiters?.[budget].block(spender, Math.max(1, Math.ceil(sum.msLeft / 1000)));
    }
  }
}

function tooMany(retryAfter: number): MadangError {
  return new MadangError({ code: 'rate_limited', message: `Too many calls; try again in ${retryAfter} s`, retryAfter });
}
