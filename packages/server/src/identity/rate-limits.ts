import { type Budget, budgets, MadangError } from '@madang/protocol';
import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible';

/** Budgets of calls, for each user, or for each address before there is one. */
export class RateLimits {
  readonly #limiters: Record<Budget, RateLimiterMemory> | undefined;

  /** `enabled: false` for a benchmark. */
  constructor(enabled: boolean) {
    if (!enabled) return;
    this.#limiters = Object.fromEntries(
      Object.entries(budgets).map(([name, { points, seconds }]) => [
        name,
        new RateLimiterMemory({ points, duration: seconds }),
      ]),
    ) as Record<Budget, RateLimiterMemory>;
  }

  /** Spends one call. Throws `rate_limited` when there is nothing left. */
  async spend(budget: Budget, spender: string): Promise<void> {
    try {
      await this.#limiters?.[budget].consume(spender);
    } catch (spent) {
      if (!(spent instanceof RateLimiterRes)) throw spent;
      throw tooMany(Math.max(1, Math.ceil(spent.msBeforeNext / 1000)));
    }
  }
}

function tooMany(retryAfter: number): MadangError {
  return new MadangError({ code: 'rate_limited', message: `Too many calls; try again in ${retryAfter} s`, retryAfter });
}
