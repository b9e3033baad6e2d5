import { createMadang, StartError } from 'madang';
import { expect, test, vi } from 'vitest';
import { startPostgres } from '../support/postgres.ts';
import { startRedis } from '../support/redis.ts';
import { tempFolder } from '../support/temp-folder.ts';

/** A start that fails half way leaves nothing open in the host's process. */

test('after Redis has refused, no connection to PostgreSQL is left, nothing keeps running, and the next start works', async () => {
  using folder = tempFolder();
  await using postgres = await startPostgres();
  await using redis = await startRedis({ flags: ['--requirepass', 'right'] });
  const database = await postgres.newDatabase();
  const bus = redis.url.replace('://', '://:wrong@');
  const options = { data: folder.path, database, logLevel: 'silent' as const };
  const connections = async () => {
    const rows = await postgres.sql(
      postgres.url('postgres'),
      `SELECT count(*)::int AS count FROM pg_stat_activity WHERE datname = '${new URL(database).pathname.slice(1)}'`,
    );
    return rows[0]?.['count'];
  };
  const running = () => process.getActiveResourcesInfo().filter((each) => each === 'Timeout').length;
  const before = running();

  await expect(createMadang({ ...options, bus })).rejects.toThrow(StartError);
  await expect(createMadang({ ...options, bus })).rejects.not.toThrow('wrong');
  await vi.waitFor(async () => expect(await connections()).toBe(0), { timeout: 5000, interval: 50 });
  expect(running()).toBeLessThanOrEqual(before + 1);

  const madang = await createMadang(options);
  expect(await connections()).toBeGreaterThan(0);
  await madang.close();
  await vi.waitFor(async () => expect(await connections()).toBe(0), { timeout: 5000, interval: 50 });
}, 60_000);
