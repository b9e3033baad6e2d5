import Database from 'better-sqlite3';
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import { tempFolder } from '../../../tests/support/temp-folder.ts';
import { holdStore, openStore } from '../dist/store/open.js';
import { silent } from './engines.ts';
import { makeRoom, say, upTo } from './workspace.ts';

vi.setConfig({ testTimeout: 60_000 });

test('a WAL that a reader kept growing is reported, and shrinks once the reader is gone', async () => {
  using folder = tempFolder();
  const store = await openStore({ data: folder.path, databaseConnections: 2 }, silent);
  await store.commit([makeRoom('a')]);
  const size = () => statSync(join(folder.path, 'madang.db-wal')).size;
  const reader = new Database(join(folder.path, 'madang.db'), { readonly: true });
  reader.exec('BEGIN');
  reader.prepare('SELECT count(*) FROM rooms').get();
  const text = 'x'.repeat(4000);
  while (size() < 70 * 1024 * 1024) await store.commit(upTo(500).map(() => say('a', text)));
  await vi.waitFor(() => expect(store.notice).toMatch(/write-ahead log has grown to \d+ MB/), 10_000);
  expect(store.trouble).toBeUndefined();
  reader.exec('COMMIT');
  reader.close();
  // Nobody writes meanwhile.
  await vi.waitFor(() => expect(size()).toBeLessThanOrEqual(32 * 1024 * 1024), { timeout: 15_000, interval: 200 });
  await vi.waitFor(() => expect(store.notice).toBeUndefined(), 5000);
  await store.commit([say('a', 'after')]);
  await store.close();
});

test('D6 while another program holds the database, all who wait for it are refused together, not one after the other', async () => {
  using folder = tempFolder();
  const store = await openStore({ data: folder.path, databaseConnections: 2 }, silent);
  const insert = (key: string) => store.write.insertInto('meta').values({ key, value: '' }).execute();
  const held = holdStore(folder.path);
  const began = performance.now();
  const waiting = [...upTo(20).map((n) => insert(`${n}`)), store.commit([makeRoom('a')])];
  const refused = waiting.map((each) => expect(each).rejects.toMatchObject({ code: 'unavailable' }));
  await Promise.all(refused);
  // One alone waits for 2 s.
  expect(performance.now() - began).toBeLessThan(8000);
  held.release();
  await store.commit([makeRoom('a')]);
  // Whoever holds it for a moment is waited for again.
  const briefly = holdStore(folder.path);
  const committed = store.commit([say('a', 'patient')]);
  setTimeout(() => briefly.release(), 300);
  expect(await committed).toMatchObject([{ status: 'appended' }]);
  await store.close();
});
