import { type Kysely, sql } from 'kysely';
import type { Schema } from '../schema.js';
import type { Lease } from '../store.js';

/**
 * Takes or renews a lease for some ms; `now` is the database's clock in SQL. A single statement, so that only one of
 * two simultaneous attempts succeeds. A lease that ends much later than any new one comes from a wrong clock.
 */
export async function takeLease(
  write: Kysely<Schema>,
  { name, holder }: Lease,
  { ms, now }: { ms: number; now: string },
): Promise<boolean> {
  const until = sql`cast(${sql.raw(now)} + ${ms}::float8 AS BIGINT)`;
  const result = await sql`INSERT INTO leases (name, holder, expires_at) VALUES (${name}, ${holder}, ${until})
    ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, expires_at = excluded.expires_at
    WHERE leases.holder = excluded.holder OR leases.expires_at <= ${sql.raw(now)}
    OR leases.expires_at > excluded.expires_at + ${ms}::bigint`.execute(write);
  return (result.numAffectedRows ?? 0n) > 0n;
}

/** Releases a lease, if it is held. */
export async function releaseLease(write: Kysely<Schema>, { name, holder }: Lease): Promise<void> {
  await write.deleteFrom('leases').where('name', '=', name).where('holder', '=', holder).execute();
}
