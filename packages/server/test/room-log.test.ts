import { afterAll, beforeAll, expect, test } from 'vitest';
import { RoomLog } from '../dist/log/room-log.js';
import type { Store } from '../dist/store/store.js';
import { type Engine, engines } from './engines.ts';
import { bob, commitOne, join, leave, makeRoom, say } from './workspace.ts';

let engine: Engine;
let store: Store;
let log: RoomLog;

beforeAll(async () => {
  engine = await engines.sqlite();
  store = await (await engine.newDatabase()).open();
  log = await RoomLog.open(store, { now: () => Date.now() });
});
afterAll(() => engine[Symbol.asyncDispose]());

test('D8 a user who leaves while a page is being read gets nothing from after their leave', async () => {
  for (const each of [makeRoom('workspace'), join('workspace', bob), say('workspace', 'with Bob')])
    await commitOne(store, each);
  // Bob may read up to here; the page is read after he has left.
  const head = (await store.access('workspace', bob.id))?.head ?? 0;
  for (const each of [leave('workspace', bob), say('workspace', 'without Bob')]) await commitOne(store, each);
  const range = { room: 'workspace', head, logStart: 0 };
  const page = await log.readAfter(range, { reader: bob.id, after: 0, limit: 200 });
  expect(page.events.map(({ seq }) => seq)).toEqual([1, 2, 3, 4]);
  expect(page).toMatchObject({ head, more: false });
});
