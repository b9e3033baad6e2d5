import { searchKey, type User } from '@madang/protocol';
import { sql } from 'kysely';
import { beforeAll, describe, expect, test } from 'vitest';
import { newEvent } from '../dist/log/projections.js';
import { postgresDialect, sqliteDialect } from '../dist/store/dialect.js';
import { up as addMentions } from '../dist/store/migrations/0010-mentions.js';
import { up as addSearchKeys } from '../dist/store/migrations/0013-search-keys.js';
import { findMember, listMembers, roomIdsOf, roomPlacesOf, successorOf } from '../dist/store/queries/members.js';
import {
  findMessage,
  findMessageByClientId,
  listMessages,
  saveRead,
  withReactions,
} from '../dist/store/queries/messages.js';
import {
  findRoom,
  findRoomByClientId,
  findRoomByKey,
  listRooms,
  peersOf,
  roomsOf,
} from '../dist/store/queries/rooms.js';
import {
  deleteSession,
  findSessionUser,
  insertSession,
  mendSessionTimes,
  touchSessions,
} from '../dist/store/queries/sessions.js';
import { findRead, membershipAround } from '../dist/store/queries/trace.js';
import {
  claimName,
  findUser,
  holdNames,
  holdsName,
  releaseNames,
  saveUser,
  touchUsers,
} from '../dist/store/queries/users.js';
import type { Store } from '../dist/store/store.js';
import type { Engine } from './engines.ts';
import { ann, append, AT, bob, join, leave, makeRoom, reactionTo, remove, say, upTo } from './workspace.ts';

const user = (id: string, name = id): User => ({ id, kind: 'guest', name, createdAt: AT });

const YEAR = 365 * 24 * 3600_000;

/** What the shared queries return, for any engine. */
export function storeQueries(engine: () => Engine): void {
  let store: Store;
  beforeAll(async () => {
    const database = await engine().newDatabase();
    store = await database.open();
    for (const each of [user(ann.id, ann.name), user(bob.id, bob.name)]) await saveUser(store.write, each);
    return () => database[Symbol.asyncDispose]();
  });

  describe('queries', () => {
    test('S6 messages page in both directions, and say whether there are more', async () => {
      await store.commit([makeRoom('page'), ...upTo(10).map((n) => say('page', `m${n}`, { clientId: `p${n}` }))]);
      const seqs = async (page: { before?: number; after?: number; logStart?: number; limit: number }) => {
        const { rows, more } = await listMessages(store.read, 'page', { logStart: 0, ...page });
        return [...rows.map((row) => row.seq), more];
      };
      expect(await seqs({ limit: 3 })).toEqual([10, 11, 12, true]);
      expect(await seqs({ before: 10, limit: 3 })).toEqual([7, 8, 9, true]);
      expect(await seqs({ before: 6, limit: 3 })).toEqual([3, 4, 5, false]);
      expect(await seqs({ before: 6, logStart: 3, limit: 3 })).toEqual([4, 5, false]);
      expect(await seqs({ before: 6, logStart: 8, limit: 3 })).toEqual([false]);
      expect(await seqs({ after: 0, logStart: 10, limit: 1 })).toEqual([11, true]);
      expect(await seqs({ after: 0, limit: 3 })).toEqual([3, 4, 5, true]);
      expect(await seqs({ after: 10, limit: 3 })).toEqual([11, 12, false]);
      expect(await seqs({ after: 4, before: 8, limit: 2 })).toEqual([5, 6, true]);
      expect(await findMessage(store.read, 'page', 3)).toMatchObject({ text: 'm1', seq: 3 });
      expect(await findMessage(store.read, 'page', 1)).toBeUndefined();
      expect(await findMessageByClientId(store.read, ann.id, 'p4')).toMatchObject({ seq: 6 });
      expect(await findMessageByClientId(store.read, bob.id, 'p4')).toBeUndefined();
    });

    test('S6 a page around a seq has half of it before and half after, and is full if there are enough messages', async () => {
      const append12 = upTo(12).map((n) => say('around', `m${n}`));
      await store.commit([makeRoom('around'), ...append12, append('around', remove({ id: 'around.7', seq: 7 }))]);
      await store.commit([makeRoom('empty')]);
      const seqs = async (
        around: number,
        page: { before?: number; after?: number; logStart?: number; limit: number },
      ) => {
        const { rows, more, newer } = await listMessages(store.read, 'around', { around, logStart: 0, ...page });
        return [more, ...rows.map((row) => row.seq), newer];
      };
      // Messages are 3 to 14; 7 is deleted, and 15 is its deletion.
      expect(await seqs(8, { limit: 4 })).toEqual([true, 7, 8, 9, 10, true]);
      expect(await seqs(7, { limit: 3 })).toEqual([true, 6, 7, 8, true]);
      expect(await seqs(7, { limit: 1 })).toEqual([true, 7, true]);
      expect(await seqs(4, { limit: 6 })).toEqual([false, 3, 4, 5, 6, 7, 8, true]);
      expect(await seqs(13, { limit: 6 })).toEqual([true, 9, 10, 11, 12, 13, 14, false]);
      expect(await seqs(0, { limit: 3 })).toEqual([false, 3, 4, 5, true]);
      expect(await seqs(1000, { limit: 3 })).toEqual([true, 12, 13, 14, false]);
      expect(await seqs(8, { limit: 20 })).toEqual([false, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, false]);
      expect(await seqs(4, { logStart: 9, limit: 3 })).toEqual([false, 10, 11, 12, true]);
      expect(await seqs(11, { logStart: 9, limit: 4 })).toEqual([false, 10, 11, 12, 13, true]);
      expect(await seqs(8, { logStart: 14, limit: 4 })).toEqual([false, false]);
      expect(await seqs(8, { after: 6, before: 11, limit: 20 })).toEqual([false, 7, 8, 9, 10, false]);
      const empty = await listMessages(store.read, 'empty', { around: 1, logStart: 0, limit: 3 });
      expect(empty).toEqual({ rows: [], more: false, newer: false });
    });

    test('S6 reactions come with their messages, as the caller sees them', async () => {
      await store.commit([makeRoom('react'), say('react', 'x'), say('react', 'y')]);
      const react = (emoji: string, actor = ann) =>
        append('react', reactionTo({ id: 'react.3', seq: 3 }, emoji, 'added'), { actor });
      await store.commit([react('👍'), { ...react('👍', bob), at: AT + 1 }, { ...react('🎉', bob), at: AT + 2 }]);
      const { rows } = await listMessages(store.read, 'react', { logStart: 0, limit: 10 });
      const { messages, asOf } = await withReactions(store.read, 'react', rows, ann.id);
      const [first, second] = messages;
      expect(first?.reactions).toEqual([
        { emoji: '👍', count: 2, users: [ann, bob], reacted: true },
        { emoji: '🎉', count: 1, users: [bob], reacted: false },
      ]);
      expect(second?.reactions).toBeUndefined();
      expect(asOf).toBe(7);
      expect(await withReactions(store.read, 'react', [], ann.id)).toEqual({ messages: [], asOf: 7 });
      await store.commit([append('react', remove({ id: 'react.3', seq: 3 }))]);
      const { messages: after } = await withReactions(store.read, 'react', rows, ann.id);
      expect(after[0]?.reactions).toBeUndefined();
    });

    test('S6 unread counts others’ messages after a seq, up to 100', async () => {
      await store.commit([makeRoom('unread'), ...upTo(120).map((n) => say('unread', `m${n}`))]);
      await store.commit([say('unread', 'own', { actor: bob })]);
      await store.commit([join('unread', bob)]);
      const unreadOf = async (after: number, reader = bob.id) => {
        await saveRead(store.write, { user: reader, room: 'unread', seq: after, at: AT });
        return (await findRoom(store.read, 'unread', reader))?.unread;
      };
      expect(await unreadOf(0)).toBe(100);
      expect(await unreadOf(120)).toBe(2);
      await store.commit([append('unread', remove({ id: 'unread.121', seq: 121 }))]);
      expect(await unreadOf(120)).toBe(1);
      expect(await unreadOf(122)).toBe(0);
      expect(await unreadOf(0, 'nobody')).toBe(0);
    });

    test('S6 a read mark only moves forward, and the answer says whether it did', async () => {
      const read = (seq: number) => saveRead(store.write, { user: ann.id, room: 'page', seq, at: AT + seq });
      expect([await read(5), await read(5), await read(4), await read(6)]).toEqual([true, false, false, true]);
      expect(await findRead(store.read, 'page', ann.id)).toEqual({ seq: 6, at: AT + 6 });
      expect(await findRoom(store.read, 'page', ann.id)).toMatchObject({ read: 6, role: 'owner', head: 12 });
      expect(await findRoom(store.read, 'page', bob.id)).toMatchObject({ read: null, role: null });
      expect(await findRoom(store.read, 'nowhere', ann.id)).toBeUndefined();
    });

    test('S6 rooms come by name, page by page, in code point order', async () => {
      await using database = await engine().newDatabase();
      const own = await database.open();
      const names = ['zeta', 'Alpha', '다락', 'alpha', 'École', '가온', 'Zeta', 'b_b', 'b%b', 'bxb'];
      await own.commit(names.map((name, index) => makeRoom(`r${index}`, name)));
      const sorted = names.toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
      const seen: string[] = [];
      for (let after: string | undefined; ;) {
        const rows = await listRooms(own.read, bob.id, { after, limit: 3 });
        seen.push(...rows.map((row) => row.name));
        if (rows.length < 3) break;
        after = rows.at(-1)?.id;
      }
      expect(seen).toEqual(sorted);
      expect((await roomsOf(own.read, ann.id)).map((row) => row.name)).toEqual(sorted);
      const found = async (search: string) =>
        (await listRooms(own.read, bob.id, { search, limit: 10 })).map((row) => row.name);
      expect(await found('ALPHA')).toEqual(['Alpha', 'alpha']);
      expect(await found('école')).toEqual(['École']);
      expect(await found('ÉCOLE')).toEqual(['École']);
      expect(await found('온')).toEqual(['가온']);
      expect(await found('b_b')).toEqual(['b_b']);
      expect(await found('b%')).toEqual(['b%b']);
      expect(await found('\\')).toEqual([]);
      expect(await found('ecole'.normalize('NFD'))).toEqual(['École']);
      expect(await found('ＡＬＰＨＡ')).toEqual(['Alpha', 'alpha']);
      expect(await found('가온'.normalize('NFD'))).toEqual(['가온']);
      expect(await found('가오')).toEqual(['가온']);
      expect(await found('ㄷㄹ')).toEqual(['다락']);
      expect(await found('ㄱ')).toEqual(['가온']);
    });

    test('S6 private and direct rooms are listed for their members only', async () => {
      const room = (id: string, kind: 'private' | 'direct', key: string | null) =>
        append(id, [
          newEvent.roomCreated({ kind, name: id, topic: '', creator: ann.id, clientId: `${id}-c`, uniqueKey: key }),
          newEvent.memberJoined(ann, 'owner'),
        ]);
      await store.commit([room('hidden', 'private', null), room('pair', 'direct', 'direct:a b'), join('pair', bob)]);
      const names = async (who: string) => (await listRooms(store.read, who, { limit: 100 })).map((row) => row.id);
      expect(await names(ann.id)).toContain('hidden');
      expect(await names(bob.id)).not.toContain('hidden');
      expect(await names(bob.id)).not.toContain('pair');
      expect(await findRoomByKey(store.read, 'direct:a b')).toEqual({ id: 'pair' });
      expect(await findRoomByClientId(store.read, ann.id, 'hidden-c')).toEqual({ id: 'hidden' });
      expect(await peersOf(store.read, ['pair', 'hidden'], ann.id)).toEqual(new Map([['pair', bob]]));
    });

    test('S6 members come by the time they joined, page by page', async () => {
      const users = upTo(7).map((n) => user(`g-${9 - n}`, `User ${n}`));
      for (const each of users) await saveUser(store.write, each);
      await store.commit([makeRoom('crowd'), ...users.map((each) => join('crowd', { id: each.id, name: each.name }))]);
      const all = [ann.id, ...users.map(({ id }) => id)];
      const first = await listMembers(store.read, 'crowd', { limit: 3 });
      expect(first[0]).toEqual({ id: ann.id, name: 'Ann', role: 'owner', joined_at: AT, last_seen_at: AT });
      const rest = await listMembers(store.read, 'crowd', { after: first.at(-1)?.id, limit: 100 });
      expect([...first, ...rest].map(({ id }) => id)).toEqual(all);
      const among = await listMembers(store.read, 'crowd', { among: ['g-2', 'g-8', 'nobody'], limit: 9 });
      expect(among.map(({ id }) => id)).toEqual(['g-8', 'g-2']);
      expect(await findMember(store.read, 'crowd', 'g-2')).toMatchObject({ name: 'User 7' });
      expect(await findMember(store.read, 'crowd', 'nobody')).toBeUndefined();
      expect(await successorOf(store.read, 'crowd', ann.id)).toMatchObject({ id: 'g-8' });
      expect(await successorOf(store.read, 'crowd', 'g-8')).toBeUndefined();
      expect(await roomIdsOf(store.read, 'g-8')).toEqual(['crowd']);
      expect(await roomPlacesOf(store.read, 'g-8')).toEqual([
        { room: 'crowd', head: 9, logStart: 0, joinedSeq: 3, joinedAt: AT },
      ]);
    });

    test('S6 a name belongs to one user: if many claim it at once, one gets it', async () => {
      const latest = AT + 5000;
      const claim = (who: string, now = AT) =>
        claimName(store.write, { nameKey: 'n', user: who, now, until: now + 1000, latest });
      const holds = (until: number) => holdsName(store.read, { nameKey: 'n', user: winner, until, latest });
      const claims = await Promise.all(upTo(20).map((n) => claim(`g-claim-${n}`)));
      expect(claims.filter(Boolean)).toHaveLength(1);
      const winner = `g-claim-${claims.indexOf(true) + 1}`;
      expect(await claim(winner, AT + 500)).toBe(true);
      expect(await claim('g-late', AT + 1500)).toBe(false);
      expect(await holds(AT + 1500)).toBe(true);
      expect(await holds(AT + 1501)).toBe(false);
      await holdNames(store.write, [winner], AT + 3000);
      expect(await claim('g-late', AT + 2500)).toBe(false);
      expect(await claim('g-late', AT + 3001)).toBe(true);
      await releaseNames(store.write, 'g-late', 'n');
      expect(await claim(winner, AT + 3500)).toBe(false);
      await releaseNames(store.write, 'g-late');
      expect(await claim(winner, AT + 3500)).toBe(true);
      // Later than possible: a clock was wrong.
      await holdNames(store.write, [winner], latest + 1);
      expect(await holds(AT)).toBe(false);
      expect(await claim('g-late', AT + 3600)).toBe(true);
    });

    test('S6 who was a member at a place in the log', async () => {
      await store.commit([makeRoom('here'), join('here', bob), say('here', 'x'), leave('here', bob)]);
      const around = (seq: number) => membershipAround(store.read, { room: 'here', seq, user: bob.id });
      const [joined, left] = [
        { name: 'member.joined', at: AT },
        { name: 'member.left', at: AT },
      ];
      expect(await around(2)).toEqual({ before: undefined, after: joined });
      expect(await around(4)).toEqual({ before: joined, after: left });
      expect(await around(5)).toEqual({ before: left, after: undefined });
    });

    test('S6 users and sessions', async () => {
      const carl = user('g-carl', 'Carl');
      await saveUser(store.write, carl);
      await saveUser(store.write, { ...carl, name: 'Karl', createdAt: AT + 9 });
      expect(await findUser(store.read, 'g-carl')).toEqual({ ...carl, name: 'Karl' });
      expect(await findUser(store.read, 'nobody')).toBeUndefined();
      await insertSession(store.write, 'hash', 'g-carl', AT);
      expect(await findSessionUser(store.read, 'hash', AT)).toEqual({ ...carl, name: 'Karl' });
      expect(await findSessionUser(store.read, 'hash', AT + 1)).toBeUndefined();
      await touchSessions(store.write, ['g-carl'], AT + 10);
      expect(await findSessionUser(store.read, 'hash', AT + 10)).toMatchObject({ id: 'g-carl' });
      await deleteSession(store.write, 'hash');
      expect(await findSessionUser(store.read, 'hash', 0)).toBeUndefined();
    });

    test('S6 a clock that is years behind ends no session, and one that was ahead leaves no session that never ends', async () => {
      await saveUser(store.write, user('g-old'));
      const isOver = async (token: string, since: number) =>
        (await findSessionUser(store.read, token, since)) === undefined;
      await insertSession(store.write, 'of-now', 'g-old', AT);
      await insertSession(store.write, 'of-2036', 'g-old', AT + 10 * YEAR);
      await touchSessions(store.write, ['g-old'], AT - 10 * YEAR);
      expect(await isOver('of-now', AT - YEAR)).toBe(false);
      await mendSessionTimes(store.write, AT + 1000, AT + 61_000);
      expect(await isOver('of-now', AT + 500)).toBe(true);
      expect(await isOver('of-2036', AT + 500)).toBe(false);
      expect(await isOver('of-2036', AT + 1001)).toBe(true);
    });

    test('S6 an older database learns the names by which users are found', async () => {
      await using database = await engine().newDatabase();
      const old = await database.open();
      const names = upTo(1200).map((n) => (n % 2 === 0 ? `ÉCOLE ${n}` : `이름 ${n}`));
      for (const [index, name] of names.entries()) await saveUser(old.write, user(`g-${index}`, name));
      for (const statement of [
        'DROP INDEX users_search_name',
        'ALTER TABLE users DROP COLUMN search_name',
        'DROP INDEX messages_mentions',
        'ALTER TABLE messages DROP COLUMN mentions',
        'DROP TABLE mentions',
      ]) {
        await sql.raw(statement).execute(old.write);
      }
      await addMentions(old.write, engine().name === 'sqlite' ? sqliteDialect : postgresDialect);
      const found = await old.read.selectFrom('users').select(['name', 'search_name']).execute();
      expect(found).toHaveLength(names.length);
      for (const row of found) expect(row.search_name).toBe(row.name.toLowerCase());
    });

    test('S6 an older database learns the keys by which rooms are found', async () => {
      await using database = await engine().newDatabase();
      const old = await database.open();
      await old.commit(upTo(600).map((n) => makeRoom(`r${n}`, n % 2 === 0 ? `ÉCOLE ${n}` : `이름 ${n}`)));
      await sql`UPDATE rooms SET search_name = 'old'`.execute(old.write);
      await addSearchKeys(old.write);
      const found = await old.read.selectFrom('rooms').select(['name', 'search_name']).execute();
      expect(found).toHaveLength(600);
      for (const row of found) expect(row.search_name).toBe(searchKey(row.name));
    });

    test('S6 statements over very many users run in parts', async () => {
      const ids = ['g-carl', ...upTo(70_000).map((n) => `g-none-${n}`)];
      await touchUsers(store.write, ids, AT + 77);
      await holdNames(store.write, ids, AT);
      await touchSessions(store.write, [], AT);
      const row = await store.read
        .selectFrom('users')
        .select('last_seen_at')
        .where('id', '=', 'g-carl')
        .executeTakeFirst();
      expect(row).toEqual({ last_seen_at: AT + 77 });
    });
  });
}
