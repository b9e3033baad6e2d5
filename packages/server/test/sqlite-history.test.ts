import Database from 'better-sqlite3';
import { chmodSync, copyFileSync, cpSync, mkdirSync, readdirSync, renameSync, rmSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { tempFolder } from '../../../tests/support/temp-folder.ts';
import { openStore } from '../dist/store/open.js';
import type { Store } from '../dist/store/store.js';
import { silent } from './engines.ts';
import { makeRoom, say } from './workspace.ts';

const open = (data: string): Promise<Store> => openStore({ data, databaseConnections: 2 }, silent);

/** A data folder after two runs, with copies of it from between them and from within the second. */
async function twoRuns(folder: string) {
  const places = { data: join(folder, 'data'), between: join(folder, 'between'), within: join(folder, 'within') };
  const { data } = places;
  const first = await open(data);
  await first.commit([makeRoom('a'), say('a', 'one')]);
  await first.close();
  cpSync(data, places.between, { recursive: true, preserveTimestamps: true });
  const second = await open(data);
  expect(second.epoch).toBe(first.epoch);
  await second.commit([say('a', 'two')]);
  mkdirSync(places.within);
  const outside = new Database(join(data, 'madang.db'), { readonly: true });
  await outside.backup(join(places.within, 'madang.db'));
  outside.close();
  await second.commit([say('a', 'three')]);
  await second.close();
  return { ...places, epoch: first.epoch };
}

/** Puts the files of a folder in place of others with the same names: into the same files, or as new ones. */
function putBack(from: string, to: string, kind: 'over' | 'new'): void {
  for (const name of readdirSync(from)) {
    if (kind === 'new') rmSync(join(to, name), { force: true });
    cpSync(join(from, name), join(to, name), { preserveTimestamps: true });
  }
}

type Places = Awaited<ReturnType<typeof twoRuns>>;

/** Ways in which a data folder comes to hold something other than the continuation of its last run. */
const restores: Record<string, (places: Places) => void> = {
  'its database, from the run before': ({ data, between }) =>
    copyFileSync(join(between, 'madang.db'), join(data, 'madang.db')),
  'its database, from the same run, in a new file': ({ data, within }) => putBack(within, data, 'new'),
  'its database, from the same run, overwritten': ({ data, within }) => putBack(within, data, 'over'),
  'all of its files, as new ones, with their times': ({ data, between }) => putBack(between, data, 'new'),
  'all of its files, overwritten, with their times': ({ data, between }) => putBack(between, data, 'over'),
  'the folder itself': ({ data, between }) => {
    rmSync(data, { recursive: true });
    cpSync(between, data, { recursive: true, preserveTimestamps: true });
  },
  'the newest state, but from a copy': ({ data }) => {
    cpSync(data, `${data}.copy`, { recursive: true, preserveTimestamps: true });
    rmSync(data, { recursive: true });
    renameSync(`${data}.copy`, data);
  },
  'its database without the mark': ({ data }) => rmSync(join(data, 'madang.db.run')),
};

test.each(Object.entries(restores))('D4 a new epoch begins when the files put back are %s', async (_what, restore) => {
  using folder = tempFolder();
  const places = await twoRuns(folder.path);
  restore(places);
  const restored = await open(places.data);
  expect(restored.epoch).not.toBe(places.epoch);
  await restored.commit([say('a', 'four')]);
  await restored.close();
  const again = await open(places.data);
  expect(again.epoch).toBe(restored.epoch);
  await again.close();
});

/** What else happens to a data folder between two runs. */
const others: Record<string, (data: string) => void> = {
  nothing: () => undefined,
  'chmod and touch of all files': (data) => {
    for (const name of readdirSync(data)) {
      chmodSync(join(data, name), 0o640);
      utimesSync(join(data, name), 1, 1);
    }
  },
  'another place': (data) => {
    renameSync(data, `${data}.away`);
    cpSync(`${data}.away`, `${data}.copy`, { recursive: true });
    renameSync(`${data}.away`, data);
  },
  'a VACUUM': (data) => {
    const database = new Database(join(data, 'madang.db'));
    database.exec('VACUUM');
    database.close();
  },
};

test.each(Object.entries(others))('D4 the epoch stays after %s', async (_what, happen) => {
  using folder = tempFolder();
  const { data, epoch } = await twoRuns(folder.path);
  happen(data);
  const store = await open(data);
  expect(store.epoch).toBe(epoch);
  await store.close();
});
