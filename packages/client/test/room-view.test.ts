import type { Client, RoomView } from '@madang/client';
import { describe, expect, test } from 'vitest';
import { fakeTime, newWorkspace, online, settle, shown, watch } from './support.js';

async function anna(messages = 0) {
  fakeTime();
  const { workspace, join } = newWorkspace();
  workspace.addUser('bob');
  for (let i = 0; i < messages; i += 1) workspace.say('lobby', 'u-bob', String(i));
  const { client, transport } = join('anna');
  await online(client);
  return { workspace, join, client, transport, view: client.room('lobby') };
}

const roomsOf = (client: Client) => client.rooms.get().map(({ id }) => id);

const numbers = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => String(from + i));

const seqOf = (view: RoomView, text: number) =>
  view.messages.get().messages.find((each) => each.text === String(text))!.seq;

describe('a room view', () => {
  test('C27 is one object per room, and its state is the same object until it changes', async () => {
    const { workspace, client, view } = await anna(3);
    expect(client.room('lobby')).toBe(view);
    await watch(client);
    const before = view.get();
    expect(view.get()).toBe(before);
    workspace.say('lobby', 'u-bob', 'new');
    const after = view.get();
    expect(after).not.toBe(before);
    expect(after.messages[0]).toBe(before.messages[0]);
  });

  test('C27 loads its newest page when first watched, and notifies watchers once per burst', async () => {
    const { workspace, client, view } = await anna(120);
    expect(view.get()).toMatchObject({ status: 'loading', messages: [] });
    let changes = 0;
    view.subscribe(() => (changes += 1));
    await settle();
    expect(shown(client)).toEqual(numbers(70, 120));
    expect(view.get()).toMatchObject({ status: 'ready', hasOlder: true });
    changes = 0;
    for (let i = 0; i < 100; i += 1) workspace.say('lobby', 'u-bob', 'x');
    await settle();
    expect(changes).toBe(1);
  });

  test('C28 loads older pages up to the beginning, one at a time', async () => {
    const { workspace, client, view } = await anna(120);
    await watch(client);
    const loading = [view.loadOlder(), view.loadOlder()];
    expect(view.get().loadingOlder).toBe(true);
    await Promise.all(loading);
    expect(shown(client)).toEqual(numbers(20, 120));
    await view.loadOlder();
    expect(shown(client)).toEqual(numbers(0, 120));
    expect(view.get()).toMatchObject({ hasOlder: false, loadingOlder: false });
    const calls = workspace.calls.length;
    await view.loadOlder();
    expect(workspace.calls).toHaveLength(calls);
  });

  test('C28 an edit that arrives while its page is loading is not lost', async () => {
    const { workspace, client, view } = await anna(60);
    await watch(client);
    workspace.delay = (name) => (name === 'message.list' ? 500 : 0);
    const loading = view.loadOlder();
    await settle(100);
    workspace.append('lobby', 'u-bob', {
      type: 'message.edited',
      messageId: workspace.messages('lobby')[3]!.id,
      text: 'edited',
    });
    await settle(500);
    await loading;
    expect(shown(client)[3]).toBe('edited');
  });

  test('C39 at the top it tells the beginning of a room from a log start, even one raised while older pages are read', async () => {
    const { workspace, client, view } = await anna(120);
    await watch(client);
    expect(view.get()).toMatchObject({ hasOlder: true, isCut: false });
    workspace.logStarts.set('lobby', workspace.messages('lobby')[89]!.seq);
    await view.loadOlder();
    expect(shown(client)).toEqual(numbers(90, 120));
    expect(view.get()).toMatchObject({ hasOlder: false, isCut: true });
  });

  test('C28 a first page that fails is requested again; a refusal means that the room is gone', async () => {
    const { workspace, client, view } = await anna(3);
    let failures = 2;
    workspace.refuse = (name) => {
      if (name !== 'message.list' || failures === 0) return undefined;
      failures -= 1;
      return { code: 'unavailable', message: 'not now' };
    };
    await watch(client);
    expect(view.get().status).toBe('loading');
    await settle(5000);
    expect(shown(client)).toEqual(['0', '1', '2']);
    workspace.addRoom('secret');
    await watch(client, 'secret');
    expect(client.room('secret').get().status).toBe('gone');
  });

  test('C28 messages that the user sends before the first page is loaded are shown at once, and only once', async () => {
    const { workspace, client, view } = await anna(3);
    let isAway = true;
    workspace.refuse = (name) =>
      isAway && name === 'message.list' ? { code: 'unavailable', message: 'not now' } : undefined;
    await watch(client);
    client.send('lobby', 'said early');
    expect(view.get()).toMatchObject({ status: 'loading', messages: [{ text: 'said early', delivery: 'pending' }] });
    await settle();
    expect(view.get()).toMatchObject({ status: 'loading', messages: [{ text: 'said early', delivery: 'sent' }] });
    isAway = false;
    await settle(5000);
    expect(shown(client)).toEqual(['0', '1', '2', 'said early']);
  });

  test('C29 a view that nobody watches keeps 200 messages', async () => {
    const { workspace, client, view } = await anna(60);
    const leave = view.subscribe(() => {});
    await settle();
    for (const text of numbers(0, 300)) workspace.say('lobby', 'u-bob', text);
    expect(view.get().messages).toHaveLength(350);
    leave();
    workspace.say('lobby', 'u-bob', 'one more');
    expect(shown(client)).toEqual([...numbers(101, 300), 'one more']);
    expect(view.get().hasOlder).toBe(true);
  });

  test('C29 a list drops older messages on request, and loads them again', async () => {
    const { client, view } = await anna(200);
    await watch(client);
    await view.messages.loadOlder();
    expect(view.messages.get().messages).toHaveLength(100);
    view.messages.keep(seqOf(view, 170));
    expect(shown(client)).toEqual(numbers(170, 200));
    expect(view.messages.get()).toMatchObject({ hasOlder: true, hasNewer: false });
    await view.messages.loadOlder();
    expect(shown(client)).toEqual(numbers(120, 200));
  });

  test('C29 a list that has dropped its newest takes in none until it has loaded them; the end is still there to open', async () => {
    const { workspace, client, view } = await anna(200);
    await watch(client);
    const isIn = (from: number, to: number) => expect(shown(client)).toEqual(numbers(from, to));
    view.messages.keep(seqOf(view, 160), seqOf(view, 179));
    isIn(160, 180);
    expect(view.messages.get()).toMatchObject({ hasOlder: true, hasNewer: true });
    workspace.say('lobby', 'u-bob', '200');
    await settle();
    isIn(160, 180);
    await view.messages.loadNewer();
    isIn(160, 201);
    expect(view.messages.get()).toMatchObject({ hasNewer: false });
    workspace.say('lobby', 'u-bob', '201');
    await settle();
    isIn(160, 202);
    view.messages.keep(0, seqOf(view, 170));
    expect(view.list('end')).toBe(view.messages);
    await settle();
    isIn(152, 202);
    expect(view.messages.get()).toMatchObject({ hasNewer: false });
  });

  test('C30 reactions, edits and deletions show', async () => {
    const { workspace, client, view } = await anna(2);
    await watch(client);
    const [first, second] = workspace.messages('lobby');
    for (const by of ['u-bob', 'u-anna']) {
      workspace.append('lobby', by, { type: 'message.reacted', messageId: first!.id, emoji: '👍', action: 'added' });
    }
    expect(view.get().messages[0]!.reactions).toMatchObject([{ emoji: '👍', count: 2, reacted: true }]);
    workspace.append('lobby', 'u-anna', {
      type: 'message.reacted',
      messageId: first!.id,
      emoji: '👍',
      action: 'removed',
    });
    expect(view.get().messages[0]!.reactions).toMatchObject([{ emoji: '👍', count: 1, reacted: false }]);
    workspace.append('lobby', 'u-bob', {
      type: 'message.reacted',
      messageId: first!.id,
      emoji: '👍',
      action: 'removed',
    });
    expect(view.get().messages[0]!.reactions).toEqual([]);
    const edited = workspace.append('lobby', 'u-bob', { type: 'message.edited', messageId: first!.id, text: 'better' });
    expect(view.get().messages[0]).toMatchObject({ text: 'better', editedAt: edited.at });
    const deleted = workspace.remove('u-bob', second!.id);
    expect(view.get().messages[1]).toMatchObject({ text: '', deletedAt: deleted.at });
  });

  test('C30 messages that were deleted since are deleted in the log', async () => {
    const { workspace, client, view } = await anna();
    await watch(client);
    const head = workspace.head('lobby');
    const id = `lobby.${head + 1}`;
    // After a deletion the log has no content, neither in the creation nor in the edit.
    const made = { id, text: '', deletedAt: head + 3 };
    workspace.append('lobby', 'u-bob', { type: 'message.created', message: made });
    workspace.append('lobby', 'u-bob', { type: 'message.edited', messageId: id });
    workspace.remove('u-bob', id);
    // As a page has it: its place, its author and its times are left.
    const left = { id, author: workspace.ref('u-bob'), text: '', editedAt: head + 2, deletedAt: head + 3 };
    expect(view.get().messages.at(-1)).toMatchObject(left);
  });

  test('C31 typing shows others, and ends with their message or on its own', async () => {
    const { workspace, client, transport, view } = await anna();
    await watch(client);
    const types = (name: string) =>
      transport.last.deliver('typing.started', { room: 'lobby', user: workspace.ref(`u-${name}`), expiresMs: 6000 });
    types('bob');
    types('anna');
    expect(view.get().typing).toEqual([{ id: 'u-bob', name: 'bob' }]);
    await settle(4000);
    types('bob');
    await settle(4000);
    expect(view.get().typing).toHaveLength(1);
    await settle(2000);
    expect(view.get().typing).toEqual([]);
    types('bob');
    workspace.say('lobby', 'u-bob', 'done');
    expect(view.get().typing).toEqual([]);
    view.typing();
    view.typing();
    await settle(2999);
    view.typing();
    expect(workspace.calls.filter(({ name }) => name === 'typing.start')).toHaveLength(1);
    await settle(1);
    view.typing();
    expect(workspace.calls.filter(({ name }) => name === 'typing.start')).toHaveLength(2);
  });

  test('C32 members and their presence are live, even while loading and after a break', async () => {
    const { workspace, client, transport, view } = await anna();
    await watch(client);
    workspace.delay = (name) => (name === 'member.list' ? 500 : 0);
    const loading = view.loadMembers();
    await settle(100);
    workspace.addUser('carl');
    workspace.leave('lobby', 'u-bob');
    await settle(500);
    await loading;
    const names = () => view.get().members.map(({ user }) => user.name);
    expect(names()).toEqual(['anna', 'carl']);
    transport.last.deliver('presence.changed', { user: workspace.ref('u-carl'), presence: 'offline', lastSeen: 5 });
    expect(view.get().members[1]).toMatchObject({ presence: 'offline', lastSeen: 5 });
    workspace.append('lobby', 'u-carl', {
      type: 'member.updated',
      user: { id: 'u-carl', name: 'carlo' },
      previousName: 'carl',
    });
    expect(names()).toEqual(['anna', 'carlo']);
    workspace.drop();
    workspace.addUser('dora');
    await settle(3000);
    expect(names()).toContain('dora');
  });

  test('C33 activity is kept since the view was opened, the newest 100', async () => {
    const { workspace, client, view } = await anna();
    await watch(client);
    workspace.append('lobby', 'u-bob', { type: 'room.updated', topic: 'flowers' });
    expect(view.get().activity).toMatchObject([{ type: 'room.updated', topic: 'flowers' }]);
    expect(view.get().room?.topic).toBe('flowers');
    for (let i = 0; i < 60; i += 1) {
      workspace.leave('lobby', 'u-bob');
      workspace.join('lobby', 'u-bob');
    }
    expect(view.get().activity).toHaveLength(100);
  });
});

describe('the rooms', () => {
  test('C34 head, unread, members and names follow the events', async () => {
    const { workspace, client } = await anna();
    const room = () => client.rooms.get()[0]!;
    expect(room()).toMatchObject({ members: 2, unread: 0 });
    workspace.say('lobby', 'u-bob', '1');
    workspace.say('lobby', 'u-bob', '2');
    await client.send('lobby', 'mine').sent;
    expect(room()).toMatchObject({ unread: 2, head: workspace.head('lobby') });
    workspace.append('lobby', 'u-bob', { type: 'room.updated', topic: 'new' });
    expect(room()).toMatchObject({ topic: 'new' });
    workspace.append('lobby', 'u-bob', { type: 'room.updated', name: 'winter' });
    expect(room()).toMatchObject({ name: 'winter', topic: 'new' });
    workspace.addUser('carl');
    expect(room().members).toBe(3);
    workspace.leave('lobby', 'u-carl');
    expect(room().members).toBe(2);
    const said = workspace.say('lobby', 'u-bob', '3');
    expect(room().unread).toBe(3);
    workspace.remove('u-bob', `lobby.${said.seq}`);
    expect(room().unread).toBe(2);
    for (let i = 0; i < 150; i += 1) workspace.say('lobby', 'u-bob', 'x');
    expect(room().unread).toBe(100);
  });

  test('C35 a read mark counts at once, is sent once per burst, and not repeated', async () => {
    const { workspace, client, view } = await anna();
    await watch(client);
    workspace.say('lobby', 'u-bob', '1');
    view.markRead();
    workspace.say('lobby', 'u-bob', '2');
    expect(client.rooms.get()[0]).toMatchObject({ unread: 1 });
    view.markRead();
    view.markRead();
    expect(client.rooms.get()[0]).toMatchObject({ unread: 0, read: workspace.head('lobby') });
    await settle(1000);
    const marks = () => workspace.calls.filter(({ name }) => name === 'read.mark').map(({ input }) => input);
    expect(marks()).toEqual([{ room: 'lobby', seq: workspace.head('lobby') }]);
    view.markRead();
    await settle(1000);
    expect(marks()).toHaveLength(1);
  });

  test('C35 a read mark that cannot be sent is sent after the break; one from another connection counts', async () => {
    const { workspace, client, transport, view } = await anna();
    await watch(client);
    workspace.say('lobby', 'u-bob', '1');
    workspace.isUp = false;
    workspace.drop();
    view.markRead();
    await settle(5000);
    workspace.isUp = true;
    await settle(20_000);
    expect(workspace.calls.filter(({ name }) => name === 'read.mark')).toHaveLength(1);
    workspace.say('lobby', 'u-bob', '2');
    workspace.say('lobby', 'u-bob', '3');
    const seq = workspace.head('lobby') - 1;
    workspace.reads.set('u-anna lobby', seq);
    transport.last.deliver('read.marked', { room: 'lobby', seq, ...workspace.left('lobby', 'u-anna') });
    expect(client.rooms.get()[0]).toMatchObject({ unread: 1 });
  });

  test('C35 after reading some of what was there before, the server says how much is left', async () => {
    fakeTime();
    const { workspace, join } = newWorkspace();
    workspace.addUser('bob');
    const { client, transport } = join('anna');
    const seqs = Array.from({ length: 40 }, (_, i) => workspace.say('lobby', 'u-bob', String(i)).seq);
    workspace.reads.set('u-anna lobby', seqs[9]! - 1);
    await online(client);
    await watch(client);
    const unread = () => client.room('lobby').unread.get().unread;
    expect(unread()).toBe(31);
    client.room('lobby').messages.markRead(seqs[19]);
    workspace.fault = () => 'later';
    workspace.say('lobby', 'u-bob', 'meanwhile');
    await settle(1000);
    // Messages that the answer has counted are not counted again with their events.
    expect(unread()).toBe(21);
    workspace.deliverLate();
    expect(unread()).toBe(21);
    workspace.fault = () => 'deliver';
    const said = workspace.say('lobby', 'u-bob', 'after');
    expect(unread()).toBe(22);
    workspace.remove('u-bob', `lobby.${said.seq}`);
    expect(unread()).toBe(21);
    client.room('lobby').messages.markRead(seqs[24]);
    workspace.reads.set('u-anna lobby', seqs[29]!);
    transport.last.deliver('read.marked', { room: 'lobby', seq: seqs[29], ...workspace.left('lobby', 'u-anna') });
    expect(unread()).toBe(11);
    await settle(1000);
    expect(unread()).toBe(11);
  });

  test('C36 a room joined elsewhere appears together with its events; one that is left disappears', async () => {
    const { workspace, client } = await anna();
    workspace.addRoom('garden');
    workspace.say('garden', 'u-bob', 'before');
    const names: string[] = [];
    client.on('member.joined', ({ room, seq }) => names.push(`joined ${room} ${seq}`));
    client.on('message.created', ({ message }) => names.push(message.text));
    client.on('member.left', ({ room }) => names.push(`left ${room}`));
    workspace.delay = (name) => (name === 'room.get' ? 300 : 0);
    workspace.join('garden', 'u-anna');
    workspace.say('garden', 'u-bob', '1');
    await settle(100);
    workspace.say('garden', 'u-bob', '2');
    await settle(300);
    expect(roomsOf(client)).toEqual(['lobby', 'garden']);
    workspace.say('garden', 'u-bob', '3');
    await watch(client, 'garden');
    expect(shown(client, 'garden')).toEqual(['before', '1', '2', '3']);
    workspace.leave('garden', 'u-anna');
    expect(names).toEqual(['joined garden 3', '1', '2', '3', 'left garden']);
    expect(roomsOf(client)).toEqual(['lobby']);
    expect(client.room('garden').get()).toMatchObject({ status: 'gone', room: undefined });
    workspace.join('garden', 'u-anna');
    await settle(1000);
    expect(client.room('garden').get().status).toBe('ready');
    expect(shown(client, 'garden')).toEqual(['before', '1', '2', '3']);
  });

  test('C36 a room joined while the session begins is not missed: before its answer, and before the connection is usable', async () => {
    fakeTime();
    const { workspace, join } = newWorkspace();
    for (const room of ['garden', 'house']) workspace.addRoom(room);
    const { client } = join('anna');
    workspace.delay = (name) => (name.startsWith('session.') ? 300 : 0);
    // The answer was read before the user joined, but is late.
    client.connect();
    await settle(100);
    workspace.join('garden', 'u-anna');
    const favorite = { room: 'lobby', favorite: true, section: null, level: 'all' };
    for (const connection of workspace.connections()) connection.deliver('membership.changed', favorite);
    await settle(300);
    expect(roomsOf(client)).toEqual(['lobby', 'garden']);
    expect(client.rooms.get()[0]?.favorite).toBe(true);
    // Again, while what was missed is read.
    workspace.delay = (name) => (name === 'sync' ? 300 : 0);
    workspace.drop();
    workspace.say('lobby', 'u-anna', 'missed');
    client.reconnectNow();
    await settle(100);
    expect(client.state.get().status).not.toBe('online');
    workspace.join('house', 'u-anna');
    await settle(1000);
    expect(roomsOf(client)).toEqual(['lobby', 'garden', 'house']);
  });

  test('C36 a room joined elsewhere is asked about again after a temporary failure', async () => {
    const { workspace, client } = await anna();
    workspace.addRoom('garden');
    let isDown = true;
    workspace.refuse = (name) =>
      isDown && name === 'room.get' ? { code: 'unavailable', message: 'busy', retryAfter: 1 } : undefined;
    workspace.join('garden', 'u-anna');
    workspace.say('garden', 'u-bob', 'meanwhile');
    await settle(500);
    isDown = false;
    expect(roomsOf(client)).toEqual(['lobby']);
    await settle(1000);
    expect(roomsOf(client)).toEqual(['lobby', 'garden']);
    await watch(client, 'garden');
    expect(shown(client, 'garden')).toEqual(['meanwhile']);
  });

  test('C36 an answer about an unknown room is applied before a later answer that comes together with it', async () => {
    const { workspace, client, transport } = await anna();
    workspace.addRoom('garden');
    const answer = transport.onCall;
    const answers: (() => void)[] = [];
    const set = { room: 'garden', favorite: true, section: null, level: 'all' };
    transport.onCall = (call, connection) =>
      answers.push(() => (call.name === 'membership.set' ? call.answer(set) : answer?.(call, connection)));
    workspace.join('garden', 'u-anna');
    const favorite = client.call('membership.set', { room: 'garden', favorite: true });
    await settle();
    expect(answers).toHaveLength(2);
    for (const next of answers) next();
    await favorite;
    await settle();
    expect(client.rooms.get().find(({ id }) => id === 'garden')).toMatchObject({ favorite: true });
  });

  test('C36 a room is there although the log no longer has the joining', async () => {
    const { workspace, client, transport } = await anna();
    workspace.addRoom('garden');
    workspace.fault = () => 'lose';
    workspace.join('garden', 'u-anna');
    transport.last.deliver('room.behind', { room: 'garden', head: workspace.head('garden') });
    await settle();
    expect(roomsOf(client)).toEqual(['lobby', 'garden']);
  });

  test('C36 a room that is joined by a call is there with the answer', async () => {
    const { workspace, client } = await anna();
    workspace.addRoom('garden');
    await client.call('room.join', { room: 'garden' });
    expect(roomsOf(client)).toContain('garden');
    workspace.say('garden', 'u-bob', 'hi');
    await watch(client, 'garden');
    expect(shown(client, 'garden')).toEqual(['hi']);
  });
});
