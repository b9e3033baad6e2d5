import { beforeAll, expect, test, vi } from 'vitest';
import { startPostgres, type TestPostgres } from '../../../tests/support/postgres.ts';
import { beginNewEpoch, openStore } from '../dist/store/open.js';
import type { Store } from '../dist/store/store.js';
import { silent } from './engines.ts';
import { makeRoom, say } from './workspace.ts';

vi.setConfig({ testTimeout: 60_000 });

let cluster: TestPostgres;
beforeAll(async () => {
  cluster = await startPostgres();
  return () => cluster[Symbol.asyncDispose]();
});

const open = (database: string): Promise<Store> => openStore({ data: '', database, databaseConnections: 4 }, silent);

/** Resolves once PostgreSQL accepts commits again. */
async function sayAgain(store: Store, text: string): Promise<void> {
  await vi.waitFor(() => store.commit([say('a', text)]), { timeout: 20_000, interval: 100 });
}

test('D4 the epoch survives restarts of PostgreSQL and of nodes; a copy of the database begins a new one', async () => {
  const url = await cluster.newDatabase();
  const store = await open(url);
  await store.commit([makeRoom('a'), say('a', 'one')]);
  const { epoch } = store;
  await cluster.kill();
  await cluster.start();
  await sayAgain(store, 'two');
  expect(store.epoch).toBe(epoch);
  await store.close();
  const again = await open(url);
  expect(again.epoch).toBe(epoch);
  await again.close();
  const name = new URL(url).pathname.slice(1);
  await cluster.sql(cluster.url('postgres'), `CREATE DATABASE copy_of_it TEMPLATE ${name}`);
  const copy = await open(cluster.url('copy_of_it'));
  expect(copy.epoch).not.toBe(epoch);
  await copy.close();
});

test('D4 a server that comes back without something a node had announced gets a new epoch, on all nodes', async () => {
  const url = await cluster.newDatabase();
  const [first, second] = [await open(url), await open(url)];
  await first.commit([makeRoom('a'), say('a', 'one'), say('a', 'two')]);
  const { epoch } = first;
  let heard = 0;
  second.onNewEpoch(() => (heard += 1));
  // Like a standby that lacks the last commit.
  await cluster.sql(
    url,
    `DELETE FROM events WHERE seq = 4; DELETE FROM messages WHERE seq = 4; UPDATE rooms SET head = 3`,
  );
  await cluster.kill();
  await cluster.start();
  await sayAgain(first, 'three');
  expect(first.epoch).not.toBe(epoch);
  await vi.waitFor(() => expect(second.epoch).toBe(first.epoch), 15_000);
  expect(heard).toBe(1);
  const before = first.epoch;
  await beginNewEpoch({ data: '', database: url }, silent);
  await vi.waitFor(() => expect(first.epoch).not.toBe(before), 15_000);
  await vi.waitFor(() => expect(second.epoch).toBe(first.epoch), 15_000);
  await cluster.sql(url, 'DROP TABLE messages, events, rooms CASCADE');
  await expect(first.commit([say('a', 'four')])).rejects.toMatchObject({ code: 'unavailable' });
  await expect(first.access('a', 'x')).rejects.toMatchObject({ code: 'unavailable' });
  await Promise.all([first.close(), second.close()]);
});
