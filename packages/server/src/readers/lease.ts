import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Store } from '../store/store.js';

/** How long a lease lasts on the database's clock unless it is renewed, in ms. */
const LEASE_MS = 3000;

/** Interval between renewals, in ms. Two in a row may fail. */
const RENEW_MS = 1000;

/** Pause before another attempt to get the lease, or after a failure, in ms. */
const RETRY_MS = 1000;

/** Work to do under a lease. */
export interface LeasedWork {
  store: Store;
  /** The lease's name. One process at a time holds it. */
  name: string;
  /** Stops the work. */
  signal: AbortSignal;
}

/**
 * Runs `work` whenever this process gets a named lease, until `signal` aborts: asks for it every second, so that another
 * process takes over within about 4 s from one that was killed. `onError` receives what the work throws, after which it is
 * run again.
 */
export async function wheneverLeased(
  leased: LeasedWork,
  work: (signal: AbortSignal) => Promise<void>,
  onError: (error: unknown) => void,
): Promise<void> {
  const { signal } = leased;
  while (!signal.aborted) {
    try {
      await underLease(leased, work);
    } catch (error) {
      if (!signal.aborted) onError(error);
    }
    await sleep(RETRY_MS, undefined, { signal, ref: false }).catch(() => undefined);
  }
}

/**
 * Runs `work` under a named lease, which at most one process holds at a time. Returns false without running it while
 * another process does. The signal passed to `work` aborts when `signal` does, and when the lease is lost or could not be
 * renewed in time. A killed process loses its lease within {@link LEASE_MS}; one that stops releases it.
 *
 * A process that was suspended may continue for a moment although another holds the lease by then. Anything that must not
 * happen twice therefore needs a guard in its transaction, as readers have with their cursor.
 */
export async function underLease(
  { store, name, signal }: LeasedWork,
  work: (signal: AbortSignal) => Promise<void>,
): Promise<boolean> {
  const lease = { name, holder: `${hostname()} ${process.pid} ${randomUUID().slice(0, 8)}` };
  const lost = new AbortController();
  let deadline: NodeJS.Timeout | undefined;
  const take = async (): Promise<boolean> => {
    const askedAt = performance.now();
    if (!(await store.takeLease(lease, LEASE_MS))) return false;
    clearTimeout(deadline);
    deadline = setTimeout(() => lost.abort(), LEASE_MS - (performance.now() - askedAt)).unref();
    return true;
  };
  if (!(await take())) return false;
  let renewing: Promise<void> = Promise.resolve();
  let isRenewing = false;
  const renew = async (): Promise<void> => {
    isRenewing = true;
    try {
      if (!(await take())) lost.abort();
    } catch {
      // The store reports its own failure, and the next renewal comes before the lease expires.
    } finally {
      isRenewing = false;
    }
  };
  const timer = setInterval(() => {
    if (!isRenewing) renewing = renew();
  }, RENEW_MS).unref();
  try {
    await work(AbortSignal.any([signal, lost.signal]));
  } finally {
    clearInterval(timer);
    await renewing;
    clearTimeout(deadline);
    await store.releaseLease(lease).catch(() => undefined);
  }
  return true;
}
