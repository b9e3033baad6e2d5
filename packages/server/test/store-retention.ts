import { Client } from 'pg';
import { describe, expect, test } from 'vitest';
import { RoomLog } from '../dist/log/room-log.js';
import type { Logger } from '../dist/logger.js';
import { underLease } from '../dist/readers/lease.js';
import { Retention } from '../dist/readers/retention.js';
import { dropFarMonths, ensurePartitions } from '../dist/store/postgres/partitions.js';
import { newestEventAt } from '../dist/store/queries/rooms.js';
import type { Store } from '../dist/store/store.js';
import type { Engine, TestDatabase } from './engines.ts';
import {
  ann,
  append,
  AT,
  bob,
  commitOne,
  dump,
  edit,
  eventsOf,
  join,
  makeRoom,
  reactionTo,
  say,
  seqsOf,
  upTo,
} from './workspace.ts';

const DAY = 24 * 3600_000;

/** Rule S9 of `store.ts` and what retention makes of it, for any engine. */
export function storeRetention(engine: () => Engine): void {
  describe('S9 everything up to the logStart is gone', () => {
    test('S9 a logStart never goes back, and the log continues where it was', async () => {
      await using database = await engine().newDatabase();
      const store = await database.open();
      await store.commit([makeRoom('a'), say('a', '1'), say('a', '2')]);
      expect(await store.access('a', ann.id)).toMatchObject({ head: 4, logStart: 0 });
      await store.raiseLogStart('a', 3);
      await store.raiseLogStart('a', 2);
      expect(await store.access('a', ann.id)).toMatchObject({ head: 4, logStart: 3 });
      expect(seqsOf(await store.commit([say('a', '3')]))).toEqual([5]);
      expect(await store.access('a', ann.id)).toMatchObject({ head: 5, logStart: 3 });
    });

    test('S9 a cursor below the logStart is answered with a reset, even while the rows are still there', async () => {
      await using database = await engine().newDatabase();
      const store = await database.open();
      await store.commit([makeRoom('a'), ...upTo(8).map((n) => say('a', `${n}`))]);
      const log = await RoomLog.open(store, { now: () => AT });
      const read = async (after: number) => {
        const range = await store.access('a', ann.id);
        if (!range) throw new Error('no room');
        const { events, ...page } = await log.readAfter(range, { reader: ann.id, after, limit: 200 });
        return { seqs: events.map(({ seq }) => seq), ...page };
      };
      expect(await read(8)).toEqual({ seqs: [9, 10], head: 10, more: false });
      const stale = await store.access('a', ann.id);
      await store.raiseLogStart('a', 6);
      for (const after of [0, 5]) {
        expect(await read(after)).toEqual({ seqs: [], head: 10, more: false, reset: true, logStart: 6 });
      }
      expect(await read(6)).toEqual({ seqs: [7, 8, 9, 10], head: 10, more: false, logStart: 6 });
      expect(await read(10)).toEqual({ seqs: [], head: 10, more: false, logStart: 6 });
      await store.write.deleteFrom('events').where('seq', '<=', 6).execute();
      // A caller who asked just before what they may read sees no hole either.
      if (!stale) throw new Error('no room');
      const other = await RoomLog.open(store, { now: () => AT });
      expect(await other.readAfter(stale, { reader: ann.id, after: 3, limit: 2 })).toEqual({
        ...{ events: [], head: 10, more: false, reset: true, logStart: 6 },
      });
    });
  });

  describe('S9 retention', () => {
    const before = AT + 10 * DAY;
    /** A workspace with something in every table, half of which is too old ten days after `AT`. */
    const fill = async (store: Store, old = AT): Promise<void> => {
      const long = upTo(700).map((n) => say('a', `too old ${n}`, { at: old, clientId: `c${n}` }));
      await store.commit([
        { ...makeRoom('a'), at: old },
        { ...makeRoom('b'), at: old },
        { ...makeRoom('c'), at: old },
      ]);
      await store.commit([...long, { ...join('a', bob), at: old }, say('b', 'too old', { at: before - 1 })]);
      const subject = { id: 'a.3', seq: 3 };
      const users = upTo(600).map((n) => ({ id: `g-${n}`, name: `n${n}` }));
      await store.commit([
        append('a', edit(subject, 'too old, edited'), { at: old }),
        ...users.map((actor) => append('a', reactionTo(subject, '👍', 'added'), { at: old, actor })),
      ]);
      await store.commit([say('a', 'kept', { at: before, clientId: 'k1' }), say('b', 'kept', { at: before + DAY })]);
      const kept = { id: 'b.4', seq: 4 };
      await store.commit([append('b', reactionTo(kept, '👍', 'added'), { at: before + DAY })]);
    };
    const retention = (store: Store, logger = silent()) =>
      new Retention({ store, clock: { now: () => before + 30 * DAY }, logger, days: 30 });
    const isDone = async (store: Store) => {
      // It is asked again and again: what is cheap to see comes first.
      if ((await eventsOf(store, 'c')).length > 0) return false;
      const old = store.read.selectFrom('messages').select('seq').where('text', 'like', 'too old%').limit(1);
      return (await old.execute()).length === 0 && !(await dump(store)).includes('too old');
    };
    const expectKept = async (store: Store) => {
      const facts = async (room: string) => {
        const { head, logStart } = (await store.access(room, ann.id)) ?? {};
        const messages = store.read.selectFrom('messages').select(['seq', 'text']).where('room_id', '=', room);
        return {
          head,
          logStart,
          events: (await eventsOf(store, room)).map(({ seq }) => seq),
          messages: await messages.execute(),
        };
      };
      expect(await facts('a')).toEqual({
        ...{ head: 1305, logStart: 1304, events: [1305], messages: [{ seq: 1305, text: 'kept' }] },
      });
      expect(await facts('b')).toEqual({
        ...{ head: 5, logStart: 3, events: [4, 5], messages: [{ seq: 4, text: 'kept' }] },
      });
      expect(await facts('c')).toEqual({ head: 2, logStart: 2, events: [], messages: [] });
      const reactions = await store.read.selectFrom('reactions').select(['room_id', 'message_seq']).execute();
      expect(reactions).toEqual([{ room_id: 'b', message_seq: 4 }]);
      expect(await store.access('a', bob.id)).toMatchObject({ role: 'member' });
      expect(await newestEventAt(store.read)).toBe(before + DAY);
    };

    test('S9 what is too old leaves every table; the rest, members and heads stay; the log continues', async () => {
      await using database = await engine().newDatabase();
      const store = await database.open();
      await fill(store);
      const running = retention(store);
      running.start();
      await until(() => isDone(store));
      await running.close();
      await expectKept(store);
      const repeats = [say('a', 'kept', { clientId: 'k1' }), say('a', 'too late', { clientId: 'c1' }), say('c', 'new')];
      expect(seqsOf(await store.commit(repeats))).toEqual([0, 1306, 3]);
    });

    test('S9 interrupted anywhere, it continues there, and a second run changes nothing', async () => {
      await using database = await engine().newDatabase();
      const store = await database.open();
      await fill(store);
      let runs = 0;
      for (; !(await isDone(store)); runs += 1) {
        const running = retention(store);
        running.start();
        await new Promise((resolve) => setTimeout(resolve, 10 + runs * 5));
        await running.close();
      }
      expect(runs).toBeGreaterThan(1);
      await expectKept(store);
      const rows = await dump(store);
      const again = retention(store);
      again.start();
      await new Promise((resolve) => setTimeout(resolve, 300));
      await again.close();
      await again.close();
      expect(await dump(store)).toBe(rows);
    });

    test('S9 sends continue meanwhile, and none waits long', async () => {
      await using database = await engine().newDatabase();
      const store = await database.open();
      await fill(store);
      const running = retention(store);
      running.start();
      let slowest = 0;
      for (let n = 0; !(await isDone(store)); n += 1) {
        const start = performance.now();
        expect(await commitOne(store, say('a', `live ${n}`, { at: before + DAY }))).toMatchObject({
          status: 'appended',
        });
        slowest = Math.max(slowest, performance.now() - start);
      }
      await running.close();
      expect(slowest).toBeLessThan(1000);
      const events = await eventsOf(store, 'a');
      expect(events.map(({ seq }) => seq)).toEqual(upTo(events.length).map((n) => n + 1304));
    });

    test('S9 a store that is gone is logged, without any text, and ends nothing', async () => {
      await using database = await engine().newDatabase();
      const store = await database.open();
      await fill(store);
      await store.close();
      const lines: unknown[] = [];
      const running = retention(store, silent(lines));
      running.start();
      await until(() => Promise.resolve(lines.length > 0));
      await running.close();
      expect(lines).toHaveLength(1);
      expect(JSON.stringify(lines)).not.toContain('too old 1');
    });

    test('S9 a wrong clock makes nothing stay forever, and nothing go early', async () => {
      await using database = await engine().newDatabase();
      const store = await database.open();
      const wrong = { ahead: before + 3650 * DAY, behind: before - 3650 * DAY };
      const [old, young] = [before - 2 * DAY, before + 2 * DAY];
      if (engine().name === 'postgres') {
        await using client = await connect(database);
        await ensurePartitions(client.pg, { from: before - 60 * DAY, now: before });
        await ensurePartitions(client.pg, { from: wrong.ahead, now: wrong.ahead });
        await ensurePartitions(client.pg, { from: wrong.behind, now: wrong.behind });
      }
      const times = {
        // In the future, with something after it: it goes or stays together with that.
        middle: [old, wrong.ahead, old, young, wrong.ahead, young],
        // In the past, after something young: both stay.
        behind: [old, young, wrong.behind, young],
        // At the end of the log.
        end: [old, old, wrong.ahead, wrong.ahead],
      };
      for (const [room, [first = 0, ...others]] of Object.entries(times)) {
        await store.commit([{ ...makeRoom(room), at: first }]);
        await store.commit(others.map((at, index) => say(room, `${index + 3}`, { at })));
      }
      const run = async (now: number) => {
        const { running, ended } = once(store, now);
        await ended;
        await running.close();
      };
      const left = async (room: string) => (await eventsOf(store, room)).map(({ seq }) => seq);
      await run(before + 30 * DAY);
      expect([await left('middle'), await left('behind'), await left('end')]).toEqual([
        [5, 6, 7],
        [3, 4, 5],
        [4, 5],
      ]);
      const messages = store.read.selectFrom('messages').select('seq').where('room_id', '=', 'behind').orderBy('seq');
      expect((await messages.execute()).map(({ seq }) => seq)).toEqual([3, 4, 5]);
      expect((await eventsOf(store, 'end')).map(({ at }) => at)).toEqual([before + 30 * DAY, before + 30 * DAY]);
      await run(before + 59 * DAY);
      expect([await left('middle'), await left('behind'), await left('end')]).toEqual([[], [], [4, 5]]);
      await run(before + 61 * DAY);
      expect(await left('end')).toEqual([]);
      if (engine().name === 'sqlite') return;
      await using client = await connect(database);
      await dropFarMonths(client.pg, before);
      const months = await client.pg.query<{ name: string }>(
        `SELECT inhrelid::regclass::text AS name FROM pg_inherits WHERE inhparent = 'events'::regclass`,
      );
      expect(months.rows.filter(({ name }) => name.startsWith('events_2036'))).toEqual([]);
    });

    test('S9 only one node at a time does it, and whole months go as partitions', async () => {
      await using database = await engine().newDatabase();
      const store = await database.open();
      if (engine().name === 'sqlite') {
        expect(await store.months.newestEnd(before)).toBeUndefined();
        return;
      }
      await using client = await connect(database);
      await ensurePartitions(client.pg, { from: AT - 90 * DAY, now: AT + 40 * DAY });
      await fill(store, AT - 60 * DAY);
      const other = await database.open();
      const { signal } = new AbortController();
      const isTaken = await underLease({ store: other, name: 'retention', signal }, async () => {
        expect(await underLease({ store, name: 'retention', signal }, () => Promise.resolve())).toBe(false);
      });
      expect(isTaken).toBe(true);
      // A long read of the log, such as a backup: the months can't be dropped yet, and no send waits for that.
      await store.commit([{ ...makeRoom('d'), at: before + DAY }]);
      await client.pg.query('BEGIN');
      await client.pg.query('SELECT count(*) FROM events');
      const both = [retention(store), retention(other)];
      for (const each of both) each.start();
      const end = performance.now() + 2000;
      while (performance.now() < end) {
        const start = performance.now();
        await commitOne(other, say('d', 'meanwhile', { at: before + DAY }));
        expect(performance.now() - start).toBeLessThan(1500);
      }
      expect((await eventsOf(store, 'a')).length).toBeGreaterThan(1000);
      await client.pg.query('COMMIT');
      await until(() => isDone(store));
      for (const each of both) await each.close();
      await expectKept(store);
      const months = await client.pg.query<{ name: string }>(
        `SELECT inhrelid::regclass::text AS name FROM pg_inherits WHERE inhparent = 'events'::regclass ORDER BY 1`,
      );
      expect(months.rows.map(({ name }) => name)[0]).toBe('events_2026_01');
    });
  });
}

async function connect(database: TestDatabase): Promise<{ pg: Client } & AsyncDisposable> {
  const client = new Client({ connectionString: database.address });
  await client.connect();
  return { pg: client, [Symbol.asyncDispose]: () => client.end() };
}

/** Runs retention; `ended` resolves when it has looked at everything. */
function once(store: Store, now: number): { running: Retention; ended: Promise<void> } {
  let done = (): void => undefined;
  const ended = new Promise<void>((resolve) => (done = resolve));
  const logger = { info: () => done(), debug: () => done(), warn: () => undefined } as never;
  const running = new Retention({ store, clock: { now: () => now }, logger, days: 30 });
  running.start();
  return { running, ended };
}

async function until(holds: () => Promise<boolean>): Promise<void> {
  const end = performance.now() + 20_000;
  while (!(await holds())) {
    if (performance.now() > end) throw new Error('it did not happen in time');
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** A logger that only the test sees. */
function silent(lines: unknown[] = []): Logger {
  const hear = (...line: unknown[]) => void lines.push(line);
  return { info: () => undefined, debug: () => undefined, warn: hear } as never;
}
