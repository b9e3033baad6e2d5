import type { LoggedEvent } from '@madang/protocol';
import type { Kysely } from 'kysely';
import { beforeAll, describe, expect, test } from 'vitest';
import { committedEvent, logEntry, toldTo } from '../dist/log/event-record.js';
import { postgresDialect, sqliteDialect } from '../dist/store/dialect.js';
import { up as keepOneText } from '../dist/store/migrations/0005-one-text.js';
import { up as logDeletions } from '../dist/store/migrations/0011-deleted-in-log.js';
import type { EventRecord } from '../dist/store/schema.js';
import type { Store } from '../dist/store/store.js';
import type { Engine } from './engines.ts';
import {
  ann,
  append,
  AT,
  commitOne,
  createRoom,
  dump,
  edit,
  eventsOf,
  reactionTo,
  remove,
  sendMessage,
} from './workspace.ts';

/** Rule S8 of `store.ts`, for any engine. */
export function storeTexts(engine: () => Engine): void {
  let store: Store;
  const newRoom = () => createRoom(store);
  const message = (room: string, text: string) => sendMessage(store, room, text);

  beforeAll(async () => {
    const database = await engine().newDatabase();
    store = await database.open();
    return () => database[Symbol.asyncDispose]();
  });

  describe('S8 a message has one text', () => {
    test('S8 earlier texts are in no table, and the log has the latest everywhere', async () => {
      const room = await newRoom();
      const subject = await message(room, 'SECRET one');
      await store.commit([append(room, edit(subject, 'SECRET two'))]);
      const last = 'kept "three" \\ 새 글 ? $1';
      await store.commit([append(room, edit(subject, 'SECRET three')), append(room, edit(subject, last))]);
      expect(await dump(store)).not.toContain('SECRET');
      const logged = (await eventsOf(store, room)).slice(2).map(asRead);
      expect(logged.map((event) => (event.type === 'message.created' ? event.message.text : event))).toEqual([
        last,
        ...[4, 5, 6].map((seq) => ({
          ...{ type: 'message.edited', room, seq, at: AT, actor: ann, messageId: subject.id, text: last },
        })),
      ]);
    });
  });

  test('S8 an existing database loses the earlier texts of its messages', async () => {
    const room = await newRoom();
    const [edited, other] = [await message(room, 'now'), await message(room, 'as it was sent')];
    await store.commit([append(room, edit(edited, 'now "too" 새 글'))]);
    const write = (seq: number, payload: unknown) =>
      store.write
        .updateTable('events')
        .set({ payload: JSON.stringify(payload) })
        .where('room_id', '=', room)
        .where('seq', '=', seq)
        .execute();
    await write(edited.seq, { text: 'OLD sent', clientId: 'c1' });
    await write(5, { messageId: edited.id, text: 'OLD edit' });
    await keepOneText(store.write as Kysely<unknown>, engine().name === 'sqlite' ? sqliteDialect : postgresDialect);
    expect(await dump(store)).not.toContain('OLD');
    const logged = (await eventsOf(store, room)).slice(2).map(asRead);
    expect(logged).toMatchObject([
      { message: { id: edited.id, text: 'now "too" 새 글', clientId: 'c1' } },
      { message: { id: other.id, text: 'as it was sent' } },
      { type: 'message.edited', messageId: edited.id, text: 'now "too" 새 글' },
    ]);
  });

  test('S8 an older database learns from its log which messages were deleted', async () => {
    const room = await newRoom();
    const [deleted, kept] = [await message(room, 'gone'), await message(room, 'kept')];
    await store.commit([append(room, remove(deleted), { at: AT + 5 })]);
    await store.write
      .updateTable('events')
      .set({ payload: JSON.stringify({ text: '' }) })
      .where('room_id', '=', room)
      .where('seq', '=', deleted.seq)
      .execute();
    await logDeletions(store.write as Kysely<unknown>, engine().name === 'sqlite' ? sqliteDialect : postgresDialect);
    const [first, second] = (await eventsOf(store, room)).slice(2).map(asRead);
    expect(first).toMatchObject({ message: { id: deleted.id, text: '', deletedAt: AT + 5 } });
    expect(second).toMatchObject({ message: { id: kept.id, text: 'kept' } });
    expect(second).not.toHaveProperty('message.deletedAt');
  });

  describe('S8 a deleted text is in no table', () => {
    test('S8 neither as it was sent nor as it was edited', async () => {
      const room = await newRoom();
      const subject = await message(room, 'SECRET one');
      const other = await message(room, 'kept');
      await store.commit([
        append(room, edit(subject, 'SECRET two')),
        append(room, edit(subject, 'SECRET "three" \\ 비밀')),
        append(room, edit(other, 'kept too')),
        append(room, reactionTo(subject, '👍', 'added')),
      ]);
      expect(await dump(store)).toContain('SECRET');
      expect(await commitOne(store, append(room, remove(subject)))).toMatchObject({
        status: 'appended',
      });
      const after = await dump(store);
      expect(after).not.toContain('SECRET');
      expect(after).not.toContain('비밀');
      expect(after).toContain('kept too');
      const events = await eventsOf(store, room);
      expect(JSON.parse(events[2]?.payload ?? '')).toEqual({ text: '', deletedAt: AT });
      const edits = events.map(({ edited_content: edited }) => edited !== null && JSON.parse(edited));
      expect(edits).toEqual([false, false, false, false, false, false, { text: 'kept too' }, false, false]);
      // Also for a reader who knows only the log: it contains no empty text.
      const [made, , first] = events.slice(2).map(asRead);
      expect(made).toMatchObject({ type: 'message.created', message: { id: subject.id, text: '', deletedAt: AT } });
      expect(first).toEqual({ type: 'message.edited', room, seq: 5, at: AT, actor: ann, messageId: subject.id });
      expect(await commitOne(store, append(room, remove(subject)))).toEqual({ status: 'unchanged' });
      expect(await commitOne(store, append(room, edit(subject, 'again')))).toEqual({
        status: 'unchanged',
      });
    });
  });
}

/** An event as its author reads it from the log. */
function asRead(record: EventRecord): LoggedEvent {
  return toldTo(record.actor_id, logEntry(committedEvent(record)));
}
