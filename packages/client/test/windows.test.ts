import type { Client, MessageList, Place } from '@madang/client';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { fakeTime, newWorkspace, online, settle, shown, watch } from './support.js';

/** Anna, who has read some of the messages `0` to `messages - 1` that Bob sent. */
async function anna(messages: number, read = messages) {
  fakeTime();
  const { workspace, join } = newWorkspace();
  workspace.addUser('bob');
  const { client, transport } = join('anna');
  for (let i = 0; i < messages; i += 1) workspace.say('lobby', 'u-bob', String(i));
  const seqOf = (index: number) => workspace.messages('lobby')[index]!.seq;
  workspace.reads.set('u-anna lobby', read === 0 ? seqOf(0) - 1 : seqOf(read - 1));
  await online(client);
  return { workspace, join, client, transport, view: client.room('lobby'), seqOf };
}

async function open(client: Client, place: Place): Promise<MessageList & { stop(): void }> {
  const list = client.room('lobby').list(place);
  const stop = list.subscribe(() => {});
  onTestFinished(stop);
  await settle();
  return Object.assign(list, { stop });
}

const texts = (list: MessageList) => list.get().messages.map(({ text }) => text);
const numbers = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => String(from + i));

describe('a list of messages', () => {
  test('C42 opens around a seq, and loads both ways until it joins the live end', async () => {
    const { workspace, client, seqOf } = await anna(200);
    const list = await open(client, { around: seqOf(100) });
    expect(texts(list)).toEqual(numbers(76, 126));
    expect(list.get()).toMatchObject({ status: 'ready', hasOlder: true, hasNewer: true });
    workspace.say('lobby', 'u-bob', '200');
    expect(texts(list)).toEqual(numbers(76, 126));
    await list.loadOlder();
    await list.loadNewer();
    expect(texts(list)).toEqual(numbers(26, 176));
    expect(list.get()).toMatchObject({ hasOlder: true, hasNewer: true });
    const loading = [list.loadNewer(), list.loadNewer()];
    expect(list.get().loadingNewer).toBe(true);
    await Promise.all(loading);
    expect(texts(list)).toEqual(numbers(26, 201));
    expect(list.get()).toMatchObject({ hasNewer: false, loadingNewer: false });
    workspace.say('lobby', 'u-bob', '201');
    expect(texts(list).at(-1)).toBe('201');
    const calls = workspace.calls.length;
    await list.loadNewer();
    expect(workspace.calls).toHaveLength(calls);
  });

  test.each([
    ['the beginning', 0, numbers(0, 50), false, true],
    ['beyond the end', 1_000_000, numbers(70, 120), true, false],
  ])('C42 opens around a seq that no message has: %s', async (_, around, expected, hasOlder, hasNewer) => {
    const { client } = await anna(120);
    const list = await open(client, { around });
    expect(texts(list)).toEqual(expected);
    expect(list.get()).toMatchObject({ hasOlder, hasNewer });
  });

  test.each([-1, 0.5, Number.NaN, 2 ** 60])('C42 a place that is no seq is refused at once: %s', async (around) => {
    const { view } = await anna(3);
    expect(() => view.list({ around })).toThrow('around: must be a whole number, 0 or more');
  });

  test('C43 opens at the first unread message, however many there are', async () => {
    const { client, view, seqOf } = await anna(3000, 1000);
    const list = await open(client, 'unread');
    expect(list).not.toBe(view.messages);
    expect(texts(list)).toEqual(numbers(975, 1025));
    expect(view.unread.get()).toEqual({ read: seqOf(999), unread: 100, mentions: 0 });
    list.markRead(seqOf(1005));
    expect(view.unread.get().read).toBe(seqOf(1005));
    list.markRead();
    expect(view.unread.get().read).toBe(seqOf(1024));
  });

  test('C43 what was said before the user joined is not unread: the list opens after it', async () => {
    fakeTime();
    const { workspace, join } = newWorkspace();
    for (let i = 0; i < 200; i += 1) workspace.say('lobby', 'u-root', String(i));
    const { client } = join('anna');
    workspace.reads.set('u-anna lobby', 0);
    await online(client);
    const view = client.room('lobby');
    expect(view.unread.get()).toMatchObject({ read: workspace.head('lobby'), unread: 100 });
    expect(view.list('unread')).toBe(view.messages);
    for (let i = 200; i < 300; i += 1) workspace.say('lobby', 'u-root', String(i));
    const list = await open(client, 'unread');
    expect(texts(list)).toEqual(numbers(175, 225));
  });

  test('C43 with nothing unread, or with the first unread message at hand, it is the list at the end', async () => {
    const { workspace, client, view } = await anna(120);
    expect(view.list('unread')).toBe(view.messages);
    expect(view.list('end')).toBe(view.messages);
    const list = await open(client, 'unread');
    list.stop();
    workspace.say('lobby', 'u-bob', 'new');
    expect(view.unread.get().unread).toBe(1);
    expect(view.list('unread')).toBe(view.messages);
    for (let i = 0; i < 300; i += 1) workspace.say('lobby', 'u-bob', 'more');
    expect(view.list('unread')).not.toBe(view.messages);
  });

  test('C44 an edit, a reaction and a deletion are in every list at once; the others keep their array', async () => {
    const { workspace, client, seqOf } = await anna(300);
    await watch(client);
    const first = await open(client, { around: seqOf(100) });
    const second = await open(client, { around: seqOf(110) });
    const end = client.room('lobby').messages;
    const before = end.get().messages;
    const change = (body: object) =>
      workspace.append('lobby', 'u-bob', { messageId: workspace.messages('lobby')[105]!.id, ...body } as never);
    const found = (list: MessageList) => list.get().messages.find(({ seq }) => seq === seqOf(105))!;
    const neighbour = first.get().messages.find(({ seq }) => seq === seqOf(104))!;
    change({ type: 'message.edited', text: 'edited' });
    change({ type: 'message.reacted', emoji: '👍', action: 'added' });
    expect(found(first)).toMatchObject({ text: 'edited', reactions: [{ emoji: '👍', count: 1 }] });
    expect(found(second)).toBe(found(first));
    change({ type: 'message.deleted' });
    expect(found(first)).toMatchObject({ text: '', deletedAt: workspace.head('lobby') });
    expect(found(second)).toBe(found(first));
    expect(first.get().messages).toContain(neighbour);
    expect(end.get().messages).toBe(before);
  });

  test('C44 a page that overlaps with another list brings no message twice, and no old state of it', async () => {
    const { workspace, client, seqOf } = await anna(300);
    const first = await open(client, { around: seqOf(100) });
    workspace.delay = (name) => (name === 'message.list' ? 500 : 0);
    const second = client.room('lobby').list({ around: seqOf(110) });
    onTestFinished(second.subscribe(() => {}));
    await settle(100);
    for (const [index, emoji] of [100, 130].entries()) {
      const messageId = workspace.messages('lobby')[emoji]!.id;
      workspace.append('lobby', 'u-bob', { type: 'message.reacted', messageId, emoji: '👍', action: 'added' });
      workspace.append('lobby', 'u-bob', { type: 'message.edited', messageId, text: `edited ${index}` });
    }
    await settle(500);
    const changed = (list: MessageList) =>
      list
        .get()
        .messages.filter(({ text }) => text.startsWith('edited'))
        .map(({ reactions }) => reactions?.[0]?.count);
    expect(changed(first)).toEqual([1]);
    expect(changed(second)).toEqual([1, 1]);
    expect(second.get().messages).toContain(first.get().messages.find(({ seq }) => seq === seqOf(100)));
  });

  test('C44 a page that is ahead of the events counts each reaction once', async () => {
    const { workspace, client, seqOf } = await anna(200);
    workspace.fault = () => 'later';
    const messageId = workspace.messages('lobby')[100]!.id;
    for (const by of ['u-bob', 'u-root']) {
      workspace.append('lobby', by, { type: 'message.reacted', messageId, emoji: '👍', action: 'added' });
    }
    const list = await open(client, { around: seqOf(100) });
    const count = () => list.get().messages.find(({ id }) => id === messageId)!.reactions?.[0]?.count;
    expect(count()).toBe(2);
    workspace.deliverLate();
    expect(count()).toBe(2);
  });

  test('C45 what the user sends is in the lists at the end, and in no list with a gap before it', async () => {
    const { workspace, client, seqOf } = await anna(200);
    await watch(client);
    const around = await open(client, { around: seqOf(100) });
    const nearEnd = await open(client, { around: seqOf(199) });
    workspace.delay = (name) => (name === 'message.send' ? 500 : 0);
    workspace.fault = () => 'later';
    client.send('lobby', 'mine');
    await settle();
    for (const list of [client.room('lobby').messages, nearEnd]) {
      expect(list.get().messages.at(-1)).toMatchObject({ text: 'mine', delivery: 'pending' });
    }
    await settle(500);
    for (const list of [client.room('lobby').messages, nearEnd]) {
      expect(list.get().messages.at(-1)).toMatchObject({ text: 'mine', delivery: 'sent' });
    }
    expect(texts(around)).toEqual(numbers(76, 126));
  });

  test('C46 after a long break a list reads again what it shows; what was missed is newer, and never joined over the gap', async () => {
    const { workspace, client, seqOf } = await anna(200);
    const around = await open(client, { around: seqOf(100) });
    const joined = await open(client, { around: seqOf(199) });
    expect(joined.get().hasNewer).toBe(false);
    workspace.drop();
    const messageId = workspace.messages('lobby')[100]!.id;
    workspace.append('lobby', 'u-bob', { type: 'message.edited', messageId, text: 'edited' });
    for (let i = 0; i < 1200; i += 1) workspace.say('lobby', 'u-bob', 'missed');
    await settle(2000);
    expect(texts(around)[24]).toBe('edited');
    expect(texts(around).with(24, '100')).toEqual(numbers(76, 126));
    expect(texts(joined)).toEqual(numbers(150, 200));
    expect(joined.get()).toMatchObject({ status: 'ready', hasNewer: true });
    workspace.say('lobby', 'u-bob', 'live');
    expect(texts(joined)).toEqual(numbers(150, 200));
    await joined.loadNewer();
    expect(texts(joined).slice(50)).toEqual(Array.from({ length: 50 }, () => 'missed'));
  });

  test('C46 as soon as events are skipped, a list that was at the end is before a gap', async () => {
    const { workspace, client, transport, seqOf } = await anna(200);
    const joined = await open(client, { around: seqOf(199) });
    workspace.fault = () => 'lose';
    workspace.delay = (name) => (name === 'message.list' ? 500 : 0);
    for (let i = 0; i < 1200; i += 1) workspace.say('lobby', 'u-bob', 'missed');
    transport.last.deliver('room.behind', { room: 'lobby', head: workspace.head('lobby') });
    client.send('lobby', 'mine');
    await settle(100);
    expect(texts(joined)).toEqual(numbers(150, 200));
    expect(joined.get().hasNewer).toBe(true);
    await settle(1000);
    expect(texts(joined)).toEqual(numbers(150, 200));
  });

  test('C46 in another history, and for another user, lists begin again at their place', async () => {
    const { workspace, client, seqOf } = await anna(200);
    const list = await open(client, { around: seqOf(100) });
    workspace.drop();
    workspace.epoch = 'epoch-2';
    workspace.rooms.get('lobby')!.log.splice(-150);
    await settle(2000);
    expect(texts(list)).toEqual(numbers(0, 50));
    expect(list.get().hasNewer).toBe(false);
  });

  test('C46 messages that are no longer kept leave every list', async () => {
    const { workspace, client, seqOf } = await anna(300);
    await watch(client);
    const old = await open(client, { around: seqOf(50) });
    const cut = await open(client, { around: seqOf(150) });
    workspace.logStarts.set('lobby', seqOf(149));
    await cut.loadOlder();
    expect(texts(cut)).toEqual(numbers(150, 176));
    expect(cut.get()).toMatchObject({ hasOlder: false, isCut: true });
    expect(old.get()).toMatchObject({ messages: [], hasOlder: false, hasNewer: true, isCut: true });
    await old.loadNewer();
    expect(texts(old)).toEqual(numbers(150, 200));
    expect(client.room('lobby').get().isCut).toBe(true);
  });

  test('C46 in a room that is left all lists are gone, and there again after joining', async () => {
    const { workspace, client, seqOf } = await anna(200);
    const list = await open(client, { around: seqOf(100) });
    workspace.leave('lobby', 'u-anna');
    expect(list.get()).toMatchObject({ status: 'gone', messages: [] });
    expect(client.room('lobby').status.get()).toBe('gone');
    workspace.join('lobby', 'u-anna');
    await settle(1000);
    expect(texts(list)).toEqual(numbers(76, 126));
    expect(client.room('lobby').status.get()).toBe('ready');
  });

  test('C29 a list that nobody watches holds nothing, and begins again at its place', async () => {
    const { workspace, client, seqOf } = await anna(200);
    const list = await open(client, { around: seqOf(100) });
    await list.loadNewer();
    list.stop();
    await settle();
    expect(list.get()).toMatchObject({ status: 'loading', messages: [] });
    onTestFinished(list.subscribe(() => {}));
    workspace.say('lobby', 'u-bob', 'new');
    await settle();
    expect(texts(list)).toEqual(numbers(76, 126));
  });

  test('C28 a page that fails is an error, and can be asked for again', async () => {
    const { workspace, client, seqOf } = await anna(200);
    const list = await open(client, { around: seqOf(100) });
    workspace.refuse = (name) => (name === 'message.list' ? { code: 'unavailable', message: 'not now' } : undefined);
    await expect(list.loadNewer()).rejects.toMatchObject({ code: 'unavailable' });
    expect(list.get()).toMatchObject({ loadingNewer: false, hasNewer: true });
    workspace.refuse = () => undefined;
    await list.loadNewer();
    expect(texts(list)).toEqual(numbers(76, 176));
  });
});

describe('a first page that fails', () => {
  test('C28 is told, with why, until it is loaded', async () => {
    const { workspace, client } = await anna(10);
    workspace.refuse = (name) => (name === 'message.list' ? { code: 'unavailable', message: 'not now' } : undefined);
    const list = client.room('lobby').list('end');
    onTestFinished(list.subscribe(() => {}));
    await settle();
    expect(list.get()).toMatchObject({ status: 'loading', error: { code: 'unavailable', message: 'not now' } });
    workspace.refuse = () => undefined;
    await vi.advanceTimersByTimeAsync(10_000);
    expect(list.get()).toMatchObject({ status: 'ready', hasOlder: false });
    expect(list.get()).not.toHaveProperty('error');
  });
});

describe('slices of a room', () => {
  test('C47 typing and presence are heard only by who watches them; a reaction changes one message', async () => {
    const { workspace, client, transport, view } = await anna(50);
    await watch(client);
    await view.loadMembers();
    const slices = {
      room: view.room,
      status: view.status,
      messages: view.messages,
      activity: view.activity,
      unread: view.unread,
      members: view.members,
      typists: view.typists,
    };
    const changes: string[] = [];
    for (const [name, { subscribe }] of Object.entries(slices)) onTestFinished(subscribe(() => changes.push(name)));
    const after = async (happen: () => void) => {
      changes.length = 0;
      happen();
      await settle();
      return [...changes].sort();
    };
    const bob = workspace.ref('u-bob');
    const typing = () => transport.last.deliver('typing.started', { room: 'lobby', user: bob, expiresMs: 6000 });
    expect(await after(typing)).toEqual(['typists']);
    expect(await after(typing)).toEqual([]);
    expect(await after(() => transport.last.deliver('presence.changed', { user: bob, presence: 'away' }))).toEqual([
      'members',
    ]);
    const stranger = { user: workspace.ref('u-carl'), presence: 'online' };
    expect(await after(() => transport.last.deliver('presence.changed', stranger))).toEqual([]);
    const before = view.messages.get().messages;
    const messageId = before[7]!.id;
    const reacted = () =>
      void workspace.append('lobby', 'u-bob', { type: 'message.reacted', messageId, emoji: '👍', action: 'added' });
    expect(await after(reacted)).toEqual(['messages', 'room']);
    const now = view.messages.get().messages;
    expect(now.flatMap((message, index) => (message === before[index] ? [] : [index]))).toEqual([7]);
    expect(await after(() => void workspace.append('lobby', 'u-bob', { type: 'room.updated', topic: 'x' }))).toEqual([
      'activity',
      'room',
    ]);
    expect(await after(() => view.markRead())).toEqual(['room', 'unread']);
    const said = await after(() => void workspace.say('lobby', 'u-bob', 'new'));
    expect(said).toEqual(['messages', 'room', 'typists', 'unread']);
  });
});

describe('a reaction', () => {
  const state = (list: MessageList) => list.get().messages[0]!.reactions ?? [];

  test('C48 is shown at once, and settled by the answer, whatever comes first', async () => {
    const { workspace, client, view } = await anna(3);
    await watch(client);
    const { id } = view.messages.get().messages[0]!;
    for (const order of ['answer', 'event']) {
      workspace.fault = () => (order === 'answer' ? 'later' : 'deliver');
      workspace.delay = (name) => (name === 'message.react' && order === 'event' ? 500 : 0);
      const reacting = view.react(id, '👍', true);
      expect(state(view.messages)).toMatchObject([{ emoji: '👍', count: 1, reacted: true }]);
      await settle(500);
      await reacting;
      const shownNow = view.messages.get().messages;
      expect(state(view.messages)).toMatchObject([{ emoji: '👍', count: 1, reacted: true }]);
      workspace.deliverLate();
      await settle(1000);
      expect(state(view.messages)).toMatchObject([{ emoji: '👍', count: 1, reacted: true }]);
      if (order === 'answer') expect(view.messages.get().messages).toBe(shownNow);
      const unreacting = view.react(id, '👍', false);
      await settle(1000);
      await unreacting;
      workspace.deliverLate();
      await settle(1000);
      expect(state(view.messages)).toEqual([]);
    }
  });

  test('C48 counts once with what others do meanwhile, and each change of mind is sent after the answer', async () => {
    const { workspace, client, view } = await anna(3);
    await watch(client);
    const { id } = view.messages.get().messages[0]!;
    workspace.fault = () => 'later';
    workspace.delay = (name) => (name === 'message.react' ? 300 : 0);
    workspace.append('lobby', 'u-bob', { type: 'message.reacted', messageId: id, emoji: '👍', action: 'added' });
    const wishes = [view.react(id, '👍', true), view.react(id, '👍', false), view.react(id, '👍', true)];
    expect(state(view.messages)).toMatchObject([{ count: 1, reacted: true }]);
    await settle(2000);
    await Promise.all(wishes);
    expect(workspace.calls.filter(({ name }) => name === 'message.react')).toHaveLength(1);
    expect(state(view.messages)).toMatchObject([{ count: 2, reacted: true }]);
    workspace.deliverLate();
    await settle(1000);
    expect(state(view.messages)).toMatchObject([{ count: 2, reacted: true }]);
    const off = view.react(id, '👍', false);
    const on = view.react(id, '👍', true);
    const offAgain = view.react(id, '👍', false);
    await settle(2000);
    await Promise.all([off, on, offAgain]);
    workspace.deliverLate();
    await settle(1000);
    expect(state(view.messages)).toMatchObject([{ count: 1, reacted: false }]);
  });

  test('C48 is taken back if the server refuses it', async () => {
    const { workspace, client, view } = await anna(3);
    await watch(client);
    const before = view.messages.get().messages;
    workspace.refuse = (name) => (name === 'message.react' ? { code: 'conflict', message: 'too many' } : undefined);
    const reacting = view.react(before[0]!.id, '👍', true);
    expect(state(view.messages)).toHaveLength(1);
    await expect(reacting).rejects.toMatchObject({ code: 'conflict' });
    expect(view.messages.get().messages).toEqual(before);
  });

  test('C48 the answer to a plain call counts, too', async () => {
    const { workspace, client, view } = await anna(3);
    await watch(client);
    workspace.fault = () => 'later';
    await client.call('message.react', { message: view.messages.get().messages[0]!.id, emoji: '👍' });
    expect(state(view.messages)).toMatchObject([{ count: 1, reacted: true }]);
    workspace.deliverLate();
    expect(state(view.messages)).toMatchObject([{ count: 1, reacted: true }]);
    expect(shown(client)).toHaveLength(3);
  });
});
