import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, test } from 'vitest';
import { newEvent } from '../dist/log/projections.js';
import { copyWorkspace, type CopyProgress } from '../dist/store/copy.js';
import { openCopySide } from '../dist/store/open.js';
import { insertMentions } from '../dist/store/queries/mentions.js';
import { saveRead } from '../dist/store/queries/messages.js';
import { advanceCursor } from '../dist/store/queries/readers.js';
import { insertSession } from '../dist/store/queries/sessions.js';
import { numberMessages } from '../dist/store/queries/unread.js';
import { claimName, saveUser } from '../dist/store/queries/users.js';
import type { Store } from '../dist/store/store.js';
import { type Engine, engines, silent, type TestDatabase } from './engines.ts';
import {
  ann,
  append,
  AT,
  bob,
  dump,
  edit,
  eventsOf,
  join,
  makeRoom,
  pinOf,
  reactionTo,
  remove,
  say,
  seqsOf,
  upTo,
} from './workspace.ts';

const started: Partial<Record<Engine['name'], Engine>> = {};
beforeAll(async () => {
  for (const [name, start] of Object.entries(engines)) started[name as Engine['name']] = await start();
  return async () => {
    for (const engine of Object.values(started)) await engine[Symbol.asyncDispose]();
  };
});

async function newDatabase(name: Engine['name']): Promise<TestDatabase> {
  const engine = started[name];
  if (!engine) throw new Error(`${name} did not start`);
  return engine.newDatabase();
}

/** A workspace with something in every table, and enough pages that a copy can be interrupted half way. */
async function fill(store: Store): Promise<void> {
  for (const user of [ann, bob]) await saveUser(store.write, { ...user, kind: 'guest', createdAt: AT });
  await claimName(store.write, { nameKey: 'ann', user: ann.id, now: AT, until: AT + 1, latest: AT + 1 });
  await insertSession(store.write, 'hash', ann.id, AT);
  await store.commit([makeRoom('a'), makeRoom('b-1', '둘째'), join('a', bob)]);
  const at = AT - 400 * 24 * 3600_000;
  for (const part of upTo(5)) {
    await store.commit(
      upTo(900).map((n) => say(n % 3 ? 'a' : 'b-1', `"${n}" 안녕 👋 \\`, { clientId: `${part}.${n}`, at })),
    );
  }
  const subject = { id: 'a.4', seq: 4 };
  await store.commit([
    append('a', pinOf(subject)),
    append('a', edit(subject, 'changed')),
    append('a', reactionTo(subject, '👍', 'added')),
    append('a', remove({ id: 'a.5', seq: 5 })),
  ]);
  await store.commit([append('a', newEvent.messageCreated({ text: '@밥', mentions: [bob.id] }, undefined))]);
  await saveRead(store.write, { user: bob.id, room: 'a', seq: 9, at: AT });
  await store.raiseLogStart('b-1', 2);
  const room = { id: 'a', head: 0, logStart: 0, cursor: null, obeyed: 0 };
  await store.transact({
    guards: [advanceCursor(store.write, 'a reader', room, { seq: 9, logStart: 2 })],
    work: [
      numberMessages(store.write, 'a', { author: ann.id, block: 0, count: 7 }),
      ...insertMentions(store.write, 'a', [{ seq: 6, user: bob.id }]),
    ],
  });
}

async function copy(
  from: TestDatabase,
  to: TestDatabase,
  onProgress: (progress: CopyProgress) => void,
): Promise<number> {
  await using source = await openCopySide(from.address, 'source', silent);
  await using target = await openCopySide(to.address, 'target', silent);
  return await copyWorkspace(source, target, onProgress);
}

/** Every row of every table, in an order that both engines agree on, and the answer to a repeated send. */
async function look(store: Store): Promise<unknown> {
  const [epoch, ...rows] = JSON.parse(await dump(store)) as [string, ...Record<string, unknown>[][]];
  const tables = rows.map((table) => table.map((row) => JSON.stringify(row, Object.keys(row).sort())).sort());
  return [epoch, ...tables];
}

/** Prevents the last step of a copy. */
const keepsMark: Record<Engine['name'], { make: string; remove: string }> = {
  sqlite: {
    make: `CREATE TRIGGER keeps_mark BEFORE DELETE ON meta WHEN OLD.key = 'copy'
      BEGIN SELECT RAISE(ABORT, 'the mark stays'); END`,
    remove: 'DROP TRIGGER keeps_mark',
  },
  postgres: {
    make: `CREATE FUNCTION keep_mark() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN RAISE EXCEPTION 'the mark stays'; END $$;
      CREATE TRIGGER keeps_mark BEFORE DELETE ON meta FOR EACH ROW WHEN (OLD.key = 'copy') EXECUTE FUNCTION keep_mark()`,
    remove: 'DROP TRIGGER keeps_mark ON meta; DROP FUNCTION keep_mark',
  },
};

const ways = [
  ['sqlite', 'postgres'],
  ['postgres', 'sqlite'],
  ['postgres', 'postgres'],
] as const;

describe.each(ways)('madang copy from %s to %s', (fromEngine, toEngine) => {
  test('S1 everything is there, including the epoch, and the workspace continues', async () => {
    await using from = await newDatabase(fromEngine);
    await using to = await newDatabase(toEngine);
    const before = await from.open();
    await fill(before);
    const rows = await look(before);
    const { epoch } = before;
    await before.close();

    const told: CopyProgress[] = [];
    const total = await copy(from, to, (progress) => told.push(progress));
    for (const phase of ['copying', 'checking']) {
      expect(told.findLast((progress) => progress.phase === phase)).toMatchObject({ done: total, total });
    }
    const after = await to.open();
    expect(after.epoch).toBe(epoch);
    expect(await look(after)).toEqual(rows);
    expect((await eventsOf(after, 'a')).map(({ seq }) => seq)).toEqual(upTo(3008));
    const results = await after.commit([say('a', '"1" 안녕 👋 \\', { clientId: '1.1' }), say('a', 'new')]);
    expect(seqsOf(results)).toEqual([0, 3009]);
    await after.close();
    await expect(copy(from, to, () => undefined)).rejects.toThrow('holds a workspace already');
    // The source must not continue with the same history: an id would then name two messages.
    const source = await from.open();
    expect(source.epoch).not.toBe(epoch);
    await source.close();
    const again = await to.open();
    expect(again.epoch).toBe(epoch);
  });

  test('S1 interrupted anywhere, it continues where it was; until it is finished no server starts', async () => {
    await using from = await newDatabase(fromEngine);
    await using to = await newDatabase(toEngine);
    const before = await from.open();
    await fill(before);
    const rows = await look(before);
    await before.close();
    for (const breakAt of [1, 3, 5]) {
      let steps = 0;
      const broken = copy(from, to, () => {
        steps += 1;
        if (steps === breakAt) throw new Error('interrupted');
      });
      await expect(broken).rejects.toThrow('interrupted');
      await expect(to.open()).rejects.toThrow('not finished');
    }
    const dones: number[] = [];
    await copy(from, to, ({ phase, done }) => phase === 'copying' && dones.push(done));
    expect(dones[0]).toBeGreaterThan(4000);
    const after = await to.open();
    expect(await look(after)).toEqual(rows);
  });

  test('S1 interrupted when only the source was marked, it is finished, with the epoch', async () => {
    await using from = await newDatabase(fromEngine);
    await using to = await newDatabase(toEngine);
    const before = await from.open();
    await before.commit([makeRoom('a'), say('a', 'x'), say('a', 'y')]);
    const rows = await look(before);
    await before.close();
    const stop = () => {
      throw new Error('interrupted');
    };
    await expect(copy(from, to, stop)).rejects.toThrow('interrupted');
    await to.sql(keepsMark[toEngine].make);
    await expect(copy(from, to, () => undefined)).rejects.toThrow('the mark stays');
    await to.sql(keepsMark[toEngine].remove);
    await expect(to.open()).rejects.toThrow('not finished');
    await copy(from, to, () => undefined);
    const after = await to.open();
    expect(await look(after)).toEqual(rows);
    const source = await from.open();
    expect(source.epoch).not.toBe(after.epoch);
  });
});

describe('madang copy refuses', () => {
  test('S1 a database that is in use, missing, another’s copy, or different afterwards', async () => {
    await using from = await newDatabase('sqlite');
    await using to = await newDatabase('postgres');
    const running = await from.open();
    await running.commit([makeRoom('a'), say('a', 'x'), say('a', 'y')]);
    await expect(copy(from, to, () => undefined)).rejects.toThrow('in use by another Madang');
    await running.close();
    const node = await to.open();
    await expect(copy(from, to, () => undefined)).rejects.toThrow('in use by a Madang');
    await node.close();
    await expect(openCopySide('/nowhere/at/all', 'source', silent)).rejects.toThrow('There is no database');

    await using third = await newDatabase('postgres');
    const differs = copy(from, third, ({ phase, table, done, total }) => {
      if (phase === 'copying' && table === 'events' && done === total) throw new Error('stop before checking');
    });
    await expect(differs).rejects.toThrow('stop before checking');
    await third.sql(`UPDATE messages SET text = 'z' WHERE seq = 4`);
    await expect(copy(from, third, () => undefined)).rejects.toThrow('differs from');
    await expect(third.open()).rejects.toThrow('not finished');
    await using other = await newDatabase('sqlite');
    await (await other.open()).close();
    await expect(copy(other, third, () => undefined)).rejects.toThrow('Another workspace is being copied');
  });
});

test('S1 madang copy, the command: shows progress, and hides the password', async () => {
  await using from = await newDatabase('sqlite');
  await using to = await newDatabase('postgres');
  const store = await from.open();
  await fill(store);
  await store.close();
  const cli = fileURLToPath(new URL('../bundle/cli.js', import.meta.url));
  const address = to.address.replace('madang@', 'madang:geheim@');
  const run = () =>
    spawnSync(process.execPath, [cli, 'copy', '--from', `sqlite:${from.address}`, '--to', address], {
      encoding: 'utf8',
    });
  const first = run();
  expect(first.stderr).toContain('copying: 40 %');
  expect(first.stderr).toContain('checking: 100 %');
  expect(first.stderr).toMatch(/Done: \d+ rows, copied and compared\.\n$/);
  expect(first.stderr).not.toContain('geheim');
  expect(first.status).toBe(0);
  const second = run();
  expect(second.status).toBe(1);
  expect(second.stderr).toContain('holds a workspace already');
  expect(second.stderr).not.toContain('geheim');
});
