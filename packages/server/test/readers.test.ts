import type { UserRef } from '@madang/protocol';
import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Random } from '../../../tests/support/random.ts';
import { newlyCommitted } from '../dist/log/event-record.js';
import { newEvent } from '../dist/log/projections.js';
import { mentions } from '../dist/readers/mentions.js';
import { messageNumbers } from '../dist/readers/message-numbers.js';
import { type LogHandler, type LogItem, type LogPage, Reader } from '../dist/readers/reader.js';
import { underLease } from '../dist/readers/lease.js';
import { saveRead } from '../dist/store/queries/messages.js';
import { MENTIONS_READER } from '../dist/store/queries/mentions.js';
import { lagOf } from '../dist/store/queries/readers.js';
import { removeOld } from '../dist/store/queries/retention.js';
import { findRoom } from '../dist/store/queries/rooms.js';
import { NUMBERS_READER } from '../dist/store/queries/unread.js';
import type { Store } from '../dist/store/store.js';
import { type Engine, engines, silent } from './engines.ts';
import { append, AT, commitOne, edit, join, leave, makeRoom, remove, say, seqsOf, upTo } from './workspace.ts';

/** Readers of the log, and the unread counts that come from one, on every engine. */

const people = ['ann', 'bob', 'cho', 'dan'].map((name) => ({ id: `g-${name}`, name }));
const [ann] = people as [UserRef, ...UserRef[]];

const readerOn = <Item extends LogItem>(store: Store, handler: LogHandler<Item>) =>
  new Reader({ store, handler, logger: silent, sweepMs: 20 });

type AnyReader = Pick<Reader<LogItem>, 'start' | 'close' | 'committed'>;

const makersOn = (store: Store): (() => AnyReader)[] => [
  () => readerOn(store, messageNumbers(store.write)),
  () => readerOn(store, mentions(store.write)),
];

/** Runs work while a reader is running. */
async function beside<Item extends LogItem>(reader: Reader<Item>, work: () => Promise<unknown>): Promise<void> {
  reader.start();
  try {
    await work();
  } finally {
    await reader.close();
  }
}

const lag = (store: Store, name = NUMBERS_READER) => lagOf(store.read, name);
const caughtUp = (store: Store, name?: string) =>
  expect.poll(() => lag(store, name), { timeout: 20_000, interval: 10 }).toBe(0);

function at<Item>(items: readonly Item[], index: number): Item {
  const item = items[index];
  if (item === undefined) throw new Error('there is nothing');
  return item;
}

/** The plain truth about one room. */
class Model {
  readonly messages = new Map<number, { author: string; isDeleted: boolean; mentions: string[] }>();
  readonly members = new Set<string>([ann.id]);
  readonly reads = new Map<string, number>();
  logStart = 0;
  head = 2;

  counts(user: string): { unread: number; mentions: number } {
    if (!this.members.has(user)) return { unread: 0, mentions: 0 };
    const from = Math.max(this.reads.get(user) ?? 0, this.logStart);
    const unread = [...this.messages].filter(
      ([seq, { author, isDeleted }]) => seq > from && author !== user && !isDeleted,
    );
    const mentioning = unread.filter(([, each]) => each.mentions.includes(user));
    return { unread: Math.min(unread.length, 100), mentions: Math.min(mentioning.length, 100) };
  }
}

describe.each(Object.keys(engines) as Engine['name'][])('readers of the log on %s', (name) => {
  let engine: Engine;
  beforeAll(async () => {
    engine = await engines[name]();
  });
  afterAll(() => engine[Symbol.asyncDispose]());

  test(
    'unread counts are those of a plain model, over edits, deletions, retention, lag and takeovers',
    {
      timeout: 180_000,
    },
    async () => {
      const random = Random.fromEnvironment();
      await using database = await engine.newDatabase();
      const stores = [await database.open(), ...(engine.nodes > 1 ? [await database.open()] : [])];
      const [store] = stores as [Store, ...Store[]];
      const rooms = new Map(['a', 'b'].map((room) => [room, new Model()]));
      await store.commit([...rooms.keys()].map((room) => makeRoom(room)));
      const makers = stores.flatMap((on) => makersOn(on).map((make) => ({ on, make })));
      const readers: (AnyReader | undefined)[] = makers.map(() => undefined);
      const pick = <Item>(items: readonly Item[]) => at(items, random.below(items.length));
      const messageOf = (model: Model): number => {
        const kept = [...model.messages.keys()].filter((seq) => seq > model.logStart);
        return kept.length > 0 ? pick(kept) : 0;
      };

      const step = async (room: string, model: Model): Promise<void> => {
        const on = pick(stores);
        const person = pick(people);
        const chance = random.below(100);
        if (chance < 50) {
          const many = upTo(1 + random.below(random.below(5) === 0 ? 160 : 4)).map(() => ({
            actor: pick(people),
            mentions: people.map(({ id }) => id).filter(() => random.below(4) === 0),
          }));
          const appends = many.map((each) =>
            append(room, newEvent.messageCreated({ text: 'hello', mentions: each.mentions }, undefined), {
              actor: each.actor,
            }),
          );
          const seqs = seqsOf(await on.commit(appends));
          // A process takes what it has committed from memory; what it was not told of, it reads.
          if (random.below(3) > 0) {
            const batch = appends.map((each, index) => newlyCommitted(each, at(each.events, 0), at(seqs, index)));
            for (const [index, reader] of readers.entries()) if (at(makers, index).on === on) reader?.committed(batch);
          }
          for (const [index, seq] of seqs.entries()) {
            const { actor, mentions: mentioned } = at(many, index);
            model.messages.set(seq, { author: actor.id, isDeleted: false, mentions: mentioned });
            model.head = Math.max(model.head, seq);
          }
        } else if (chance < 60 && messageOf(model)) {
          const seq = messageOf(model);
          const result = await commitOne(on, append(room, remove({ id: `${room}.${seq}`, seq })));
          expect(result.status).toBe(model.messages.get(seq)!.isDeleted ? 'unchanged' : 'appended');
          if (result.status === 'appended') model.head += 1;
          model.messages.get(seq)!.isDeleted = true;
        } else if (chance < 65 && messageOf(model)) {
          const seq = messageOf(model);
          const content = { text: 'hello', mentions: model.messages.get(seq)!.mentions };
          const edited = edit({ id: `${room}.${seq}`, seq, content }, `${random.below(1e9)}`);
          if ((await commitOne(on, append(room, edited))).status === 'appended') model.head += 1;
        } else if (chance < 75) {
          const isMember = model.members.has(person.id);
          await commitOne(on, isMember ? leave(room, person) : join(room, person));
          model.head += 1;
          if (isMember) model.members.delete(person.id);
          else model.members.add(person.id);
        } else if (chance < 90) {
          const seq = 1 + random.below(model.head);
          await saveRead(on.write, { user: person.id, room, seq, at: AT });
          model.reads.set(person.id, Math.max(seq, model.reads.get(person.id) ?? 0));
        } else if (chance < 93) {
          const seq = Math.min(model.head, model.logStart + random.below(40));
          for (const each of stores) await each.raiseLogStart(room, seq);
          model.logStart = Math.max(model.logStart, seq);
          while (
            random.below(3) > 0 &&
            (await removeOld(on, 'messages', { room, logStart: model.logStart, limit: 10 }))
          );
          if (random.below(2)) await removeOld(on, 'events', { room, logStart: model.logStart, limit: 1000 });
        } else if (chance < 99) {
          const index = random.below(makers.length);
          await readers[index]?.close();
          readers[index] = readers[index] ? undefined : at(makers, index).make();
          readers[index]?.start();
        } else {
          await store.write.updateTable('reader_cursors').set({ seq: 0 }).where('room_id', '=', room).execute();
        }
      };
      const compare = async (room: string, model: Model): Promise<void> => {
        const { read } = pick(stores);
        const rows = await Promise.all(people.map(({ id }) => findRoom(read, room, id)));
        for (const [index, { id }] of people.entries()) {
          const { unread, mentions: mentioned } = rows[index] ?? {};
          expect({ room, id, unread, mentions: mentioned }, random.seed).toEqual({ room, id, ...model.counts(id) });
        }
      };
      const compareAll = () => Promise.all([...rooms].map(([room, model]) => compare(room, model)));
      try {
        // A step costs ten times as much with two nodes on PostgreSQL.
        const all = engine.nodes > 1 ? 200 : 400;
        for (let steps = 0; steps < all; steps += 1) {
          const [room, model] = pick([...rooms]);
          await step(room, model);
          await compare(room, model);
          // A step concerns one room only.
          if (steps % 5 === 0) await compareAll();
        }
        for (const index of [0, 1]) (readers[index] ??= at(makers, index).make()).start();
        await caughtUp(store);
        await caughtUp(store, MENTIONS_READER);
        await compareAll();
      } finally {
        for (const reader of readers) await reader?.close();
      }
    },
  );

  test(
    'every event is handled once and in order, by whichever of several readers, whatever is interrupted',
    {
      timeout: 60_000,
    },
    async () => {
      await using database = await engine.newDatabase();
      const stores = [await database.open(), ...(engine.nodes > 1 ? [await database.open()] : [])];
      const [store] = stores as [Store, ...Store[]];
      await store.commit([makeRoom('a'), makeRoom('b'), ...upTo(700).map((n) => say('a', `${n}`))]);
      // The reader under test keeps a count in its own table.
      const counting = (on: Store): LogHandler<LogItem> => ({
        name: 'counting',
        take: ({ body: { seq } }) => ({ seq }),
        handle: ({ room, items }) =>
          upTo(items.length).map(() =>
            on.write
              .insertInto('meta')
              .values({ key: `counted ${room}`, value: 'x' })
              .onConflict((conflict) =>
                conflict.column('key').doUpdateSet((each) => ({ value: each.ref('meta.value') })),
              )
              .compile(),
          ),
      });
      const pages: LogPage<LogItem>[] = [];
      const watching = (on: Store): LogHandler<LogItem> => {
        const counter = counting(on);
        return { ...counter, handle: (page) => (pages.push(page), counter.handle(page)) };
      };
      for (let times = 0; times < 4; times += 1) {
        const readers = stores.map((each) => readerOn(each, watching(each)));
        for (const reader of readers) reader.start();
        await new Promise((resolve) => setTimeout(resolve, 15));
        await Promise.all(readers.map((reader) => reader.close()));
      }
      await beside(readerOn(store, watching(store)), () => caughtUp(store, 'counting'));
      const seqs = pages.filter(({ room }) => room === 'a').flatMap(({ items }) => items.map(({ seq }) => seq));
      // A page that was read but not written is read again; no page is skipped.
      expect([...new Set(seqs)]).toEqual(upTo(702));
      const cursors = await store.read
        .selectFrom('reader_cursors')
        .select(['room_id', 'seq'])
        .orderBy('room_id')
        .execute();
      expect(cursors).toEqual([
        { room_id: 'a', seq: 702 },
        { room_id: 'b', seq: 2 },
      ]);
    },
  );

  test('a reader that fails at an event is stuck in that room alone, says so without a text, and continues once it works', async () => {
    await using database = await engine.newDatabase();
    const store = await database.open();
    await store.commit([makeRoom('a'), makeRoom('b'), makeRoom('c'), ...upTo(5).map((n) => say('a', `a${n}`))]);
    await store.commit([say('b', 'poison'), say('b', 'behind it')]);
    const broken = new Set(['handler', 'statement']);
    const insert = (key: string) => store.write.insertInto('meta').values({ key, value: '' }).compile();
    const handler: LogHandler<LogItem> = {
      name: 'careful',
      take: ({ body: { seq } }) => ({ seq }),
      handle: ({ room, items }) => {
        if (room === 'b' && broken.has('handler')) throw new Error('cannot read "poison"');
        // The same key twice is refused by the database.
        const isPoison = broken.has('statement') && items.some(({ seq }) => room === 'a' && seq === 5);
        return isPoison ? [insert('twice'), insert('twice')] : [];
      },
    };
    const lines: Record<string, unknown>[] = [];
    const logger = pino({ level: 'info' }, { write: (line: string) => void lines.push(JSON.parse(line)) });
    const reader = new Reader({ store, handler, logger, sweepMs: 20 });
    await beside(reader, async () => {
      // All that comes before the event that fails is read, and the other rooms too.
      await expect.poll(() => lag(store, 'careful'), { timeout: 10_000 }).toBe(3 + 4);
      await expect.poll(() => reader.stuckRooms).toBe(2);
      await store.commit([say('c', 'healthy'), say('b', 'more'), say('a', 'more')]);
      await expect.poll(() => lag(store, 'careful'), { timeout: 10_000 }).toBe(4 + 5);
      broken.delete('statement');
      await expect.poll(() => reader.stuckRooms, { timeout: 20_000 }).toBe(1);
      broken.delete('handler');
      await caughtUp(store, 'careful');
      // It counts once the answer of its transaction has arrived.
      await expect.poll(() => reader.stuckRooms).toBe(0);
    });
    const stuck = lines.filter(({ msg }) => String(msg).includes('stuck in a room;'));
    // Once for both rooms and every attempt.
    expect(stuck).toHaveLength(1);
    expect(stuck[0]).toMatchObject({ reader: 'careful', seq: expect.any(Number), error: expect.any(String) });
    expect(JSON.stringify(lines)).not.toContain('poison');
    expect(lines.filter(({ msg }) => String(msg).includes('no longer stuck'))).toHaveLength(2);
  });

  test('a raised log start is obeyed: what was written about removed events goes, without an event', async () => {
    await using database = await engine.newDatabase();
    const store = await database.open();
    await store.commit([makeRoom('a'), ...upTo(3000).map((n) => say('a', `${n}`, { actor: at(people, n % 3) }))]);
    const numbers = async () => (await store.read.selectFrom('message_numbers').selectAll().execute()).length;
    await beside(readerOn(store, messageNumbers(store.write)), async () => {
      await caughtUp(store);
      const before = await numbers();
      await store.raiseLogStart('a', 2990);
      await expect.poll(numbers, { timeout: 20_000 }).toBeLessThan(before / 3);
    });
  });

  test('a lease has one holder, loses it if it is not renewed, and is released at the end', async () => {
    if (engine.nodes === 1) return;
    await using database = await engine.newDatabase();
    const [one, other] = [await database.open(), await database.open()];
    const lease = (holder: string) => ({ name: 'work', holder });
    expect(await one.takeLease(lease('one'), 600)).toBe(true);
    expect(await other.takeLease(lease('other'), 600)).toBe(false);
    expect(await one.takeLease(lease('one'), 600)).toBe(true);
    await expect.poll(() => other.takeLease(lease('other'), 600), { timeout: 3000 }).toBe(true);
    expect(await one.takeLease(lease('one'), 600)).toBe(false);
    await one.releaseLease(lease('one'));
    expect(await one.takeLease(lease('one'), 600)).toBe(false);
    await other.releaseLease(lease('other'));
    const { signal } = new AbortController();
    let lost: AbortSignal | undefined;
    const done = await underLease({ store: one, name: 'work', signal }, async (held) => {
      await database.sql(`UPDATE leases SET holder = 'thief'`);
      await new Promise((resolve) => held.addEventListener('abort', resolve));
      lost = held;
    });
    expect([done, lost?.aborted]).toEqual([true, true]);
  });

  test('a transaction happens completely or not at all, and does not begin if its guard finds nothing', async () => {
    await using database = await engine.newDatabase();
    const store = await database.open();
    const insert = (key: string) => store.write.insertInto('meta').values({ key, value: '' }).compile();
    const touch = (key: string) => store.write.updateTable('meta').set({ value: 'x' }).where('key', '=', key).compile();
    const has = async (key: string) =>
      (await store.read.selectFrom('meta').select('key').where('key', '=', key).execute()).length;
    expect(await store.transact({ guards: [insert('a')], work: [insert('b')] })).toBe(true);
    expect(await store.transact({ guards: [insert('c'), touch('nothing')], work: [insert('d')] })).toBe(false);
    await expect(store.transact({ guards: [insert('e')], work: [insert('a')] })).rejects.toThrow(Error);
    expect(await Promise.all(['a', 'b', 'c', 'd', 'e'].map(has))).toEqual([1, 1, 0, 0, 0]);
    // Events committed beside it are numbered as if it had not existed.
    await store.commit([makeRoom('a')]);
    await Promise.all([
      store.transact({ guards: [touch('nothing')], work: [] }),
      store.commit([say('a', 'one')]),
      store.commit([say('a', 'two')]),
    ]);
    expect((await store.access('a', ann.id))?.head).toBe(4);
  });
});
