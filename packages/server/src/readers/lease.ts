import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import type { Store } from '../store/store.js';

/** How long a lease holds by the database's clock unless it is renewed, in ms. */
export const LEASE_MS = 3000;

/** Interval between renewals, in ms: two may fail. */
export const RENEW_MS = 1000;

/** What is done under a lease. */
export interface LeasedWork {
  store: Store;
  /** The lease's name: one process at a time does the work that bears it. */
  name: string;
  /** Ends the work. */
  signal: AbortSignal;
}

/**
 * Runs `work` under a named lease: at most one process at a time holds it. Answers false, without running it, while another
 * does. The signal that `work` gets aborts when its own does, and when the lease is lost or could not be renewed in time. A
 * process that was killed loses it within {@link LEASE_MS}; one that ends gives it back.
 *
 * A process that was suspended may go on for a moment with a lease that another has by then. What must not happen twice is
 * therefore written with a guard, as readers do with their cursor.
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
      // The store says what is wrong with it; the next time comes before the lease is over.
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
