import { beforeAll, describe, expect, test } from 'vitest';
import { newEvent } from '../dist/log/projections.js';
import { listPins } from '../dist/store/queries/messages.js';
import type { Store } from '../dist/store/store.js';
import type { Engine } from './engines.ts';
import {
  ann,
  append,
  AT,
  bob,
  commitOne,
  dump,
  edit,
  join,
  leave,
  makeRoom,
  pinOf,
  reactionTo,
  remove,
  say,
  unpinOf,
  upTo,
} from './workspace.ts';

/** What each kind of change does to the tables, for any engine. */
export function storeProjections(engine: () => Engine): void {
  let store: Store;
  beforeAll(async () => {
    const database = await engine().newDatabase();
    store = await database.open();
    return () => database[Symbol.asyncDispose]();
  });
  const roomRow = (id: string) => store.read.selectFrom('rooms').selectAll().where('id', '=', id).executeTakeFirst();
  const memberRows = (room: string) =>
    store.read.selectFrom('members').selectAll().where('room_id', '=', room).orderBy('joined_seq').execute();
  const messageRows = (room: string) =>
    store.read.selectFrom('messages').selectAll().where('room_id', '=', room).orderBy('seq').execute();
  const reactionRows = (room: string) =>
    store.read.selectFrom('reactions').selectAll().where('room_id', '=', room).orderBy('emoji').execute();

  describe('projections', () => {
    test('S4 insertRoom, insertMember, countMembers', async () => {
      await store.commit([makeRoom('made', 'Made', { clientId: 'k1' }), join('made', bob)]);
      expect(await roomRow('made')).toEqual({
        id: 'made',
        kind: 'public',
        name: 'Made',
        search_name: 'made\nmade',
        topic: '',
        created_at: AT,
        creator_id: ann.id,
        client_id: 'k1',
        unique_key: 'name:Made',
        head: 3,
        log_start: 0,
        blocked: 0,
        member_count: 2,
      });
      const byThemselves = { added_by: null, hidden_seq: null, favorite: 0, section: null, level: null };
      expect(await memberRows('made')).toEqual([
        { room_id: 'made', user_id: ann.id, role: 'owner', joined_at: AT, joined_seq: 2, ...byThemselves },
        { room_id: 'made', user_id: bob.id, role: 'member', joined_at: AT, joined_seq: 3, ...byThemselves },
      ]);
    });

    test('S3 insertRoom accepts an id, a key and a creator’s clientId once', async () => {
      await store.commit([makeRoom('first', 'First', { clientId: 'k2' })]);
      const again = await store.commit([
        makeRoom('first', 'Other', { clientId: 'k3' }),
        makeRoom('second', 'First', { clientId: 'k4' }),
        makeRoom('third', 'Third', { clientId: 'k2' }),
      ]);
      expect(again).toEqual(again.map(() => ({ status: 'unchanged' })));
      expect(await roomRow('second')).toBeUndefined();
      expect(await memberRows('third')).toEqual([]);
    });

    test('S4 deleteMember, updateMemberRole, checkMember', async () => {
      await store.commit([makeRoom('m'), join('m', bob)]);
      const results = await store.commit([
        append('m', [newEvent.memberLeft(ann, 'left'), newEvent.memberPromoted(bob)]),
        append('m', newEvent.memberRenamed({ ...bob, name: 'Bob' }, bob.name)),
      ]);
      expect(results).toEqual([
        { status: 'appended', seqs: [4, 5] },
        { status: 'appended', seqs: [6] },
      ]);
      expect(await memberRows('m')).toMatchObject([{ user_id: bob.id, role: 'owner' }]);
      expect(await roomRow('m')).toMatchObject({ member_count: 1, head: 6 });
      await store.commit([leave('m', bob)]);
      expect(await roomRow('m')).toMatchObject({ member_count: 0, head: 7 });
    });

    test('S4 updateRoom changes what is given, but to no name that another room has', async () => {
      await store.commit([makeRoom('u1', 'One'), makeRoom('u2', 'Two')]);
      await store.commit([append('u1', newEvent.roomUpdated({ topic: '주제', uniqueKey: null }))]);
      expect(await roomRow('u1')).toMatchObject({ name: 'One', topic: '주제', unique_key: 'name:One' });
      await store.commit([append('u1', newEvent.roomUpdated({ name: 'ÉCOLE', uniqueKey: 'name:école' }))]);
      expect(await roomRow('u1')).toMatchObject({
        name: 'ÉCOLE',
        search_name: 'ecole\necole',
        unique_key: 'name:école',
      });
      const taken = append('u2', newEvent.roomUpdated({ name: 'école', uniqueKey: 'name:école' }));
      expect(await commitOne(store, taken)).toEqual({ status: 'unchanged' });
      const own = append('u1', newEvent.roomUpdated({ name: 'École', uniqueKey: 'name:école' }));
      expect(await commitOne(store, own)).toMatchObject({ status: 'appended' });
    });

    test('S4 insertMessage, updateMessage, deleteMessage', async () => {
      await store.commit([
        makeRoom('t'),
        append('t', newEvent.messageCreated({ text: 'first', mentions: ['g-bob', 'g-cho'] }, 't-1')),
      ]);
      const subject = { id: 't.3', seq: 3 };
      const notPinned = { pin_seq: null, pinned_at: null, pinned_by: null, pinned_by_name: null };
      const row = {
        room_id: 't',
        seq: 3,
        author_id: ann.id,
        author_name: ann.name,
        at: AT,
        client_id: 't-1',
        ...notPinned,
      };
      expect(await messageRows('t')).toEqual([
        { ...row, text: 'first', mentions: 'g-bob g-cho', edited_at: null, deleted_at: null },
      ]);
      await store.commit([append('t', edit(subject, 'second'), { at: AT + 1 })]);
      expect(await messageRows('t')).toEqual([
        { ...row, text: 'second', mentions: 'g-bob g-cho', edited_at: AT + 1, deleted_at: null },
      ]);
      const stale = append('t', edit(subject, 'third', 'first'), { at: AT + 2 });
      expect(await commitOne(store, stale)).toEqual({ status: 'unchanged' });
      const current = append('t', edit(subject, 'third', 'second'), { at: AT + 1 });
      expect(await commitOne(store, current)).toMatchObject({ status: 'appended' });
      await store.commit([append('t', remove(subject), { at: AT + 2 })]);
      expect(await messageRows('t')).toEqual([
        { ...row, text: '', mentions: null, edited_at: AT + 1, deleted_at: AT + 2 },
      ]);
      expect(await dump(store)).not.toContain('g-cho');
    });

    test('S4 pinMessage, unpinMessage: once, up to the limit, never a deleted message', async () => {
      await store.commit([makeRoom('p'), say('p', 'one'), say('p', 'two'), say('p', 'three'), say('p', 'four')]);
      const pin = (seq: number, most = 2) =>
        commitOne(store, append('p', pinOf({ id: `p.${seq}`, seq }, most), { actor: bob, at: AT + seq }));
      const unpin = (seq: number) => commitOne(store, append('p', unpinOf({ id: `p.${seq}`, seq })));
      const pins = async () => (await listPins(store.read, 'p', await headOf('p'))).map(({ seq }) => seq);
      const headOf = async (room: string) => (await store.access(room, ann.id))!;
      expect(await pin(4)).toMatchObject({ status: 'appended' });
      expect(await pin(4)).toEqual({ status: 'unchanged' });
      expect(await pin(3)).toMatchObject({ status: 'appended' });
      expect(await pins()).toEqual([3, 4]);
      expect((await messageRows('p')).find(({ seq }) => seq === 4)).toMatchObject({
        ...{ pin_seq: 7, pinned_at: AT + 4, pinned_by: bob.id, pinned_by_name: bob.name },
      });
      expect(await pin(5)).toEqual({ status: 'unchanged' });
      // A deletion unpins, and of a message that isn't pinned it says no more than that.
      const deletion = (seq: number) =>
        commitOne(store, append('p', [remove({ id: `p.${seq}`, seq }), unpinOf({ id: `p.${seq}`, seq })]));
      expect(await deletion(4)).toEqual({ status: 'appended', seqs: [9, 10] });
      expect(await deletion(6)).toEqual({ status: 'appended', seqs: [11, 0] });
      expect(await pin(4)).toEqual({ status: 'unchanged' });
      expect(await pin(5)).toMatchObject({ status: 'appended' });
      expect(await pins()).toEqual([5, 3]);
      // Pins before the log start are neither listed nor counted.
      await store.raiseLogStart('p', 3);
      expect(await pins()).toEqual([5]);
      expect(await unpin(5)).toMatchObject({ status: 'appended' });
      expect(await unpin(5)).toEqual({ status: 'unchanged' });
      expect(await pins()).toEqual([]);
    });

    test('S4 insertReaction, deleteReaction, deleteMessageReactions', async () => {
      await store.commit([makeRoom('e'), say('e', 'x')]);
      const subject = { id: 'e.3', seq: 3 };
      const react = (emoji: string, action: 'added' | 'removed', actor = ann) =>
        commitOne(store, append('e', reactionTo(subject, emoji, action), { actor }));
      expect(await react('👍', 'added')).toMatchObject({ status: 'appended' });
      expect(await react('👍', 'added')).toEqual({ status: 'unchanged' });
      expect(await react('👍', 'added', bob)).toMatchObject({ status: 'appended' });
      expect(await react('👍', 'removed')).toMatchObject({ status: 'appended' });
      expect(await reactionRows('e')).toEqual([
        { room_id: 'e', message_seq: 3, emoji: '👍', user_id: bob.id, user_name: bob.name, at: AT },
      ]);
      for (const number of upTo(19)) expect(await react(`e${number}`, 'added')).toMatchObject({ status: 'appended' });
      expect(await react('one too many', 'added')).toEqual({ status: 'unchanged' });
      expect(await react('👍', 'added')).toMatchObject({ status: 'appended' });
      await store.commit([append('e', remove(subject))]);
      expect(await reactionRows('e')).toEqual([]);
      expect(await react('👍', 'added')).toEqual({ status: 'unchanged' });
    });
  });
}
