import { beforeAll, describe, expect, test } from 'vitest';
import { newEvent } from '../dist/log/projections.js';
import type { Change } from '../dist/store/changes.js';
import type { Append, Store } from '../dist/store/store.js';
import type { Engine, TestDatabase } from './engines.ts';
import {
  ann,
  append,
  AT,
  bob,
  commitOne,
  createRoom,
  dump,
  edit,
  eventsOf,
  join,
  leave,
  makeRoom,
  reactionTo,
  say,
  sendMessage,
  seqsOf,
  upTo,
} from './workspace.ts';

/** The rules S1 to S6 of `store.ts`, for any engine. */
export function storeContract(engine: () => Engine): void {
  let store: Store;
  const newRoom = () => createRoom(store);
  const message = (room: string, text = 'hi') => sendMessage(store, room, text);
  const head = async (room: string) => (await store.access(room, ann.id))?.head;

  beforeAll(async () => {
    const database = await engine().newDatabase();
    store = await database.open();
    return () => database[Symbol.asyncDispose]();
  });

  describe('S1 acknowledged events are on disk', () => {
    test('S1 a reopened database has everything, and its epoch', async () => {
      await using database = await engine().newDatabase();
      const first = await database.open();
      await first.commit([makeRoom('a'), say('a', '안녕 👋', { clientId: 'c1' })]);
      const before = await dump(first);
      await first.close();
      const second = await database.open();
      expect(second.epoch).toBe(first.epoch);
      expect(second.epoch).toMatch(/^[0-9a-f]{8}$/);
      expect(await dump(second)).toBe(before);
    });

    test('S1 closing waits for commits in progress', async () => {
      await using database = await engine().newDatabase();
      const first = await database.open();
      await first.commit([makeRoom('a')]);
      const committed = first.commit([say('a', 'last words')]);
      await first.close();
      expect(await committed).toEqual([{ status: 'appended', seqs: [3] }]);
      expect(await eventsOf(await database.open(), 'a')).toHaveLength(3);
    });
  });

  describe('S2 seq 1, 2, 3 in commit order, without a gap', () => {
    test('S2 a batch over several rooms numbers each room separately, in its order', async () => {
      const [a, b] = [await newRoom(), await newRoom()];
      const results = await store.commit([say(a, '1'), say(b, '1'), say(a, '2'), say(a, '3'), say(b, '2')]);
      expect(seqsOf(results)).toEqual([3, 3, 4, 5, 4]);
      const texts = (await eventsOf(store, a)).slice(2).map((event) => JSON.parse(event.payload) as { text: string });
      expect(texts.map(({ text }) => text)).toEqual(['1', '2', '3']);
      expect([await head(a), await head(b)]).toEqual([5, 4]);
    });

    test('S2 a batch of many kinds of events numbers them in its order', async () => {
      const room = await newRoom();
      const other = await newRoom();
      const results = await store.commit([
        say(room, 'one'),
        join(room, bob),
        say(room, 'two', { actor: bob, guard: bob.id }),
        say(other, 'there'),
        say(room, 'three'),
        append(room, reactionTo({ id: `${room}.3`, seq: 3 }, '👍', 'added')),
        leave(room, bob),
        say(room, 'four'),
      ]);
      expect(seqsOf(results)).toEqual([3, 4, 5, 3, 6, 7, 8, 9]);
      const events = await eventsOf(store, room);
      expect(events.map((event) => event.seq)).toEqual(upTo(9));
      expect(events.slice(2).map((event) => event.name)).toEqual([
        ...['message.created', 'member.joined', 'message.created', 'message.created'],
        ...['message.reacted', 'member.left', 'message.created'],
      ]);
    });

    test('S2 nodes that commit at the same time leave no gap and no repeat', async () => {
      await using database = await engine().newDatabase();
      const nodes = await openNodes(database, engine().nodes);
      await nodes[0]?.commit(['a', 'b', 'c'].map((room) => makeRoom(room)));
      const answered = new Map<string, string>();
      await Promise.all(
        nodes.flatMap((node, number) => [0, 1].map((lane) => busy(node, `${number}-${lane}`, answered))),
      );
      const [node] = nodes as [Store];
      let count = 0;
      for (const room of ['a', 'b', 'c']) {
        const events = await eventsOf(node, room);
        expect(events.map((event) => event.seq)).toEqual(upTo(events.length));
        expect((await node.access(room, ann.id))?.head).toBe(events.length);
        for (const event of events) {
          const text = answered.get(`${room}.${event.seq}`);
          if (text !== undefined) expect(JSON.parse(event.payload)).toMatchObject({ text });
        }
        count += events.length;
      }
      expect(count).toBe(answered.size + 6);
    });

    test('S2 an empty batch does nothing', async () => {
      expect(await store.commit([])).toEqual([]);
    });
  });

  describe('S3 an event that changes nothing is not appended', () => {
    test('S3 a message whose clientId is known, from an earlier batch or the same one, alone or among others', async () => {
      const room = await newRoom();
      expect(seqsOf(await store.commit([say(room, 'x', { clientId: `${room}-1` })]))).toEqual([3]);
      const results = await store.commit([
        say(room, 'new'),
        say(room, 'x', { clientId: `${room}-1` }),
        say(room, 'y', { clientId: `${room}-2` }),
        say(room, 'y', { clientId: `${room}-2` }),
        say(room, 'newer'),
      ]);
      expect(results.map((result) => result.status)).toEqual([
        ...['appended', 'unchanged', 'appended', 'unchanged', 'appended'],
      ]);
      expect(seqsOf(results)).toEqual([4, 0, 5, 0, 6]);
      expect(await head(room)).toBe(6);
    });

    test('S3 what a message changes besides itself is done with it, also among others, and not for a repeat', async () => {
      const room = await newRoom();
      const withTopic = (text: string, topic: string, clientId: string): Append => {
        const event = newEvent.messageCreated({ text }, clientId);
        const changes: Change[] = [...event.changes, { kind: 'updateRoom', name: null, uniqueKey: null, topic }];
        return append(room, { ...event, changes });
      };
      const topicNow = async () =>
        (await store.read.selectFrom('rooms').select('topic').where('id', '=', room).executeTakeFirst())?.topic;
      const batch = [say(room, 'x'), withTopic('y', 'set', `${room}-t`), say(room, 'z')];
      expect(seqsOf(await store.commit(batch))).toEqual([3, 4, 5]);
      expect(await topicNow()).toBe('set');
      const repeated = [withTopic('y', 'not set', `${room}-t`), say(room, 'after')];
      expect(await store.commit(repeated)).toEqual([{ status: 'unchanged' }, { status: 'appended', seqs: [6] }]);
      expect(await topicNow()).toBe('set');
      // Also next to events of other kinds.
      const mixed = [join(room, bob), withTopic('w', 'set again', `${room}-u`), leave(room, bob)];
      expect(seqsOf(await store.commit(mixed))).toEqual([7, 8, 9]);
      expect(await topicNow()).toBe('set again');
    });

    test('S3 a clientId is its author’s, across all rooms', async () => {
      const [a, b] = [await newRoom(), await newRoom()];
      const clientId = `${a}-shared`;
      const results = await store.commit([say(a, 'x', { clientId }), say(b, 'x', { clientId })]);
      expect(results.map((result) => result.status)).toEqual(['appended', 'unchanged']);
      expect(seqsOf(await store.commit([say(b, 'x', { clientId, actor: bob })]))).toEqual([3]);
    });

    test('S3 a second join, a leave of a non-member, an edit to the same text', async () => {
      const room = await newRoom();
      const { id, seq } = await message(room, 'same');
      const results = await store.commit([
        join(room, ann),
        leave(room, bob),
        append(room, edit({ id, seq }, 'same')),
        append(room, reactionTo({ id, seq }, '👍', 'removed')),
        append(room, newEvent.roomUpdated({ name: room, topic: '', uniqueKey: null })),
        append(room, newEvent.memberPromoted(ann)),
        append(room, newEvent.memberRenamed(bob, 'Bobby')),
      ]);
      expect(results).toEqual(results.map(() => ({ status: 'unchanged' })));
      expect(await eventsOf(store, room)).toHaveLength(3);
    });

    test('S3 a later event of an append that changes nothing is left out', async () => {
      const room = await newRoom();
      const events = [
        newEvent.memberJoined(bob, 'member'),
        newEvent.memberPromoted(ann),
        newEvent.messageCreated({ text: 'hi' }, undefined),
      ];
      expect(await commitOne(store, append(room, events))).toEqual({ status: 'appended', seqs: [3, 0, 4] });
    });

    test('S3 if nodes send the same message at once, one of them appends it', async () => {
      await using database = await engine().newDatabase();
      const nodes = await openNodes(database, engine().nodes);
      await nodes[0]?.commit(['a', 'b'].map((room) => makeRoom(room)));
      const sends = upTo(40).flatMap((number) =>
        nodes.map((node, index) =>
          node.commit([say(index ? 'a' : 'b', 'x', { clientId: `c${number}` }), say('a', 'y')]),
        ),
      );
      const results = (await Promise.all(sends)).map(([first]) => first?.status);
      expect(results.filter((status) => status === 'appended')).toHaveLength(40);
      expect(results.filter((status) => status === 'unchanged')).toHaveLength(40 * (nodes.length - 1));
    });

    test('S3 if nodes create the same room or claim the same name at once, one succeeds', async () => {
      await using database = await engine().newDatabase();
      const nodes = await openNodes(database, engine().nodes);
      const sameId = await Promise.all(nodes.map((node) => node.commit([makeRoom('lobby')])));
      expect(sameId.flat().filter(({ status }) => status === 'appended')).toHaveLength(1);
      for (const number of upTo(20)) {
        const made = await Promise.all(
          nodes.map((node, index) => node.commit([makeRoom(`n${number}-${index}`, `name ${number}`)])),
        );
        expect(made.flat().filter(({ status }) => status === 'appended')).toHaveLength(1);
      }
      await nodes[0]?.commit(nodes.map((_, index) => makeRoom(`u${index}`)));
      const renamed = await Promise.all(
        nodes.map((node, index) =>
          node.commit([append(`u${index}`, newEvent.roomUpdated({ name: 'One', uniqueKey: 'name:one' }))]),
        ),
      );
      expect(renamed.flat().filter(({ status }) => status === 'appended')).toHaveLength(1);
      expect(renamed.flat().filter(({ status }) => status === 'unchanged')).toHaveLength(nodes.length - 1);
    });
  });

  describe('S4 whole or not at all', () => {
    const broken = (room: string): Append => say(room, null as unknown as string);

    test('S4 a failing append does not affect the others in its batch', async () => {
      const room = await newRoom();
      const results = await store.commit([say(room, '1'), broken(room), say(room, '2'), join(room, bob), broken(room)]);
      expect(results.map((result) => result.status)).toEqual([
        ...['appended', 'failed', 'appended', 'appended', 'failed'],
      ]);
      expect(seqsOf(results)).toEqual([3, 0, 4, 5, 0]);
      expect(seqsOf(await store.commit([say(room, '3')]))).toEqual([6]);
    });

    test('S4 it fails alone too, and later appends commit', async () => {
      const room = await newRoom();
      expect(await commitOne(store, broken(room))).toMatchObject({ status: 'failed' });
      expect(await message(room)).toMatchObject({ seq: 3 });
    });

    test('S4 an append whose second event fails leaves nothing of its first', async () => {
      const room = await newRoom();
      const half = append(room, [newEvent.memberJoined(bob, 'member'), ...broken(room).events]);
      expect(await commitOne(store, half)).toMatchObject({ status: 'failed' });
      expect(await store.access(room, bob.id)).toMatchObject({ role: null, head: 2 });
      const [, , result] = await store.commit([say(room, '1'), half, say(room, '2', { actor: bob, guard: bob.id })]);
      expect(result).toEqual({ status: 'refused' });
    });

    test('S4 a room that does not exist accepts nothing', async () => {
      expect(await store.commit([say('nowhere', 'x'), join('nowhere', bob)])).toMatchObject([
        { status: 'failed' },
        { status: 'failed' },
      ]);
      expect(await eventsOf(store, 'nowhere')).toEqual([]);
      expect(await store.read.selectFrom('messages').selectAll().where('room_id', '=', 'nowhere').execute()).toEqual(
        [],
      );
    });
  });

  describe('S5 a guard is checked at its place in the log', () => {
    test('S5 a non-member is refused, for every kind of event', async () => {
      const room = await newRoom();
      const guard = bob.id;
      const results = await store.commit([
        say(room, 'in', { guard: ann.id }),
        say(room, 'x', { guard }),
        append(room, newEvent.roomUpdated({ topic: 'mine', uniqueKey: null }), { guard }),
        say('nowhere', 'x', { guard }),
      ]);
      expect(results.map(({ status }) => status)).toEqual(['appended', 'refused', 'refused', 'refused']);
      expect(seqsOf(await store.commit([say(room, 'x', { guard }), say(room, 'y')]))).toEqual([0, 4]);
    });

    test('S5 a join or leave in the same batch counts', async () => {
      const room = await newRoom();
      const said = { actor: bob, guard: bob.id };
      const topic = append(room, newEvent.roomUpdated({ topic: 'x', uniqueKey: null }), said);
      const results = await store.commit([
        ...[say(room, '1', said), join(room, bob), say(room, '2', said), topic],
        ...[leave(room, bob), say(room, '3', said), { ...topic }, say(room, '4')],
      ]);
      expect(results.map(({ status }) => status)).toEqual([
        ...['refused', 'appended', 'appended', 'appended', 'appended', 'refused', 'refused', 'appended'],
      ]);
    });

    test('S5 a guard is checked before anything the append would change', async () => {
      const room = await newRoom();
      await store.commit([say(room, 'x', { clientId: `${room}-g`, actor: bob })]);
      expect(await commitOne(store, say(room, 'x', { clientId: `${room}-g`, actor: bob, guard: bob.id }))).toEqual({
        status: 'refused',
      });
    });
  });

  describe('S6 a read after the answer sees it', () => {
    test('S6 at once, with every kind of read, on every node', async () => {
      await using database = await engine().newDatabase();
      const nodes = await openNodes(database, engine().nodes);
      const [writer] = nodes as [Store];
      await writer.commit([makeRoom('a')]);
      for (const number of upTo(30)) {
        await writer.commit([say('a', String(number))]);
        for (const node of nodes) {
          expect((await node.access('a', ann.id))?.head).toBe(number + 2);
          expect(await node.events('a', number + 1, 5)).toHaveLength(1);
          const { head: read } = await node.read.selectFrom('rooms').select('head').executeTakeFirstOrThrow();
          expect(read).toBe(number + 2);
        }
      }
    });

    test('S6 access() returns room, kind, head and role as numbers and words', async () => {
      const room = await newRoom();
      expect(await store.access(room, ann.id)).toEqual({
        room,
        kind: 'public',
        head: 2,
        logStart: 0,
        blocked: 0,
        role: 'owner',
      });
      expect(await store.access(room, bob.id)).toEqual({
        room,
        kind: 'public',
        head: 2,
        logStart: 0,
        blocked: 0,
        role: null,
      });
      expect(await store.access('nowhere', ann.id)).toBeUndefined();
      const many = await Promise.all(
        upTo(50).map((n) => store.access(n % 2 ? room : 'nowhere', n % 3 ? ann.id : bob.id)),
      );
      expect(many.map((each) => each?.role)).toEqual(
        upTo(50).map((n) => (n % 2 === 0 ? undefined : n % 3 ? 'owner' : null)),
      );
    });

    test('S6 access() follows every commit, however often it was asked before', async () => {
      const room = await newRoom();
      const bobIs = async (role: string | null, at: number) =>
        expect(await store.access(room, bob.id)).toEqual({
          room,
          kind: 'public',
          head: at,
          logStart: 0,
          blocked: 0,
          role,
        });
      await bobIs(null, 2);
      await store.commit([append(room, newEvent.memberJoined(bob, 'member'))]);
      await bobIs('member', 3);
      await store.commit([say(room, 'x'), say(room, 'y')]);
      await bobIs('member', 5);
      await store.commit([say(room, 'z'), append(room, newEvent.memberPromoted(bob))]);
      await bobIs('owner', 7);
      await store.commit([append(room, newEvent.memberLeft(bob, 'removed')), say(room, 'no', { guard: bob.id })]);
      await bobIs(null, 8);
    });

    test('S6 events() pages forward, with whole records', async () => {
      const room = await newRoom();
      await store.commit(upTo(10).map((n) => say(room, `m${n}`, { clientId: `${room}.${n}` })));
      expect((await store.events(room, 0, 5)).map(({ seq }) => seq)).toEqual([1, 2, 3, 4, 5]);
      expect((await store.events(room, 5, 100)).map(({ seq }) => seq)).toEqual([6, 7, 8, 9, 10, 11, 12]);
      expect(await store.events(room, 12, 5)).toEqual([]);
      expect(await store.events(room, 2, 1)).toEqual([
        {
          room_id: room,
          seq: 3,
          name: 'message.created',
          at: AT,
          actor_id: ann.id,
          actor_name: ann.name,
          payload: JSON.stringify({ clientId: `${room}.1`, text: 'm1' }),
          message_seq: null,
          edited_content: null,
        },
      ]);
    });
  });
}

function textOf(sent: Append | undefined): string {
  const [event] = sent?.events ?? [];
  return event?.name === 'message.created' ? event.payload.text : '';
}

function openNodes(database: TestDatabase, count: number): Promise<Store[]> {
  return Promise.all(upTo(count).map(() => database.open()));
}

/** Commits batches of all sizes to three rooms, and records what was answered. */
async function busy(node: Store, name: string, answered: Map<string, string>): Promise<void> {
  for (const round of upTo(25)) {
    const batch = upTo(1 + (round % 7)).map((n) => {
      const room = ['a', 'b', 'c'][(n + round) % 3] ?? 'a';
      return say(room, `${name} ${round} ${n}`);
    });
    if (round % 5 === 0) batch.reverse();
    const results = await node.commit(batch);
    for (const [index, seq] of seqsOf(results).entries()) {
      const sent = batch[index];
      const place = `${sent?.room}.${seq}`;
      expect(answered.has(place)).toBe(false);
      answered.set(place, textOf(sent));
    }
  }
}
