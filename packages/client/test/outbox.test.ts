// oxlint-disable-next-line no-unassigned-import -- puts indexedDB into the globals
import 'fake-indexeddb/auto';
import { indexedDbOutboxStore, memoryOutboxStore, MadangError } from '@madang/client';
import { describe, expect, test, vi } from 'vitest';
import { fakeTime, heard, newWorkspace, online, settle, shown, watch } from './support.js';

function sends(workspace: ReturnType<typeof newWorkspace>['workspace']) {
  return workspace.calls
    .filter(({ name }) => name === 'message.send')
    .map(({ input }) => (input as { text: string }).text);
}

function setUp() {
  fakeTime();
  const { workspace, join } = newWorkspace();
  workspace.addUser('bob');
  return { workspace, join };
}

describe('a send', () => {
  test('C4 is shown at once as pending, then as sent, under the same key', async () => {
    const { workspace, join } = setUp();
    const { client } = join('anna');
    await online(client);
    await watch(client);
    const { clientId, sent } = client.send('lobby', 'hi');
    expect(client.room('lobby').get().messages).toMatchObject([
      { key: clientId, id: '', seq: 0, text: 'hi', delivery: 'pending', author: { id: 'u-anna', name: 'anna' } },
    ]);
    const message = await sent;
    await settle();
    expect(client.room('lobby').get().messages).toMatchObject([
      { key: clientId, id: message.id, seq: message.seq, delivery: 'sent' },
    ]);
    expect(workspace.messages('lobby')).toHaveLength(1);
  });

  test.each(['event', 'ack'])(
    'C4 the own event and the acknowledgement may come in either order (%s first)',
    async (first) => {
      const { workspace, join } = setUp();
      const { client } = join('anna');
      await online(client);
      await watch(client);
      const texts = heard(client);
      if (first === 'ack') workspace.fault = () => 'later';
      client.send('lobby', '1');
      await settle();
      expect(shown(client)).toEqual(['1']);
      expect(texts).toEqual(['1']);
      workspace.deliverLate();
      workspace.fault = () => 'deliver';
      workspace.say('lobby', 'u-bob', '2');
      await settle(1000);
      expect(shown(client)).toEqual(['1', '2']);
      expect(texts).toEqual(['1', '2']);
    },
  );

  test('C4 an acknowledgement above a gap shows its message before the events below it arrive', async () => {
    const { workspace, join } = setUp();
    const { client } = join('anna');
    await online(client);
    await watch(client);
    const texts = heard(client);
    workspace.fault = () => 'later';
    workspace.say('lobby', 'u-bob', 'theirs');
    client.send('lobby', 'mine');
    await settle();
    expect(shown(client)).toEqual(['mine']);
    expect(texts).toEqual([]);
    workspace.deliverLate();
    await settle();
    expect(shown(client)).toEqual(['theirs', 'mine']);
    expect(texts).toEqual(['theirs', 'mine']);
  });

  test('C5 with echo false a client does not receive its own messages, but those of others and of the user’s other clients', async () => {
    const { workspace, join } = setUp();
    const quiet = join('anna', { echo: false }).client;
    const other = join('anna').client;
    await online(quiet);
    await online(other);
    const texts = heard(quiet);
    quiet.send('lobby', 'mine');
    await quiet.call('message.send', { room: 'lobby', text: 'my call', clientId: 'c-1' });
    await other.send('lobby', 'from the other').sent;
    workspace.say('lobby', 'u-bob', 'theirs');
    await settle();
    expect(texts).toEqual(['from the other', 'theirs']);
  });

  test('D2 order: fifty sends in a row stay in order', async () => {
    const { workspace, join } = setUp();
    const { client } = join('anna');
    await online(client);
    const texts = Array.from({ length: 50 }, (_, i) => String(i));
    for (const text of texts) client.send('lobby', text);
    await settle();
    expect(workspace.messages('lobby').map(({ text }) => text)).toEqual(texts);
  });
});

describe('a send that fails', () => {
  test('D3 once: a lost acknowledgement leads to a repeat, not to a second message', async () => {
    const { workspace, join } = setUp();
    const { client } = join('anna');
    await online(client);
    await watch(client);
    workspace.fault = () => 'lose';
    let isLosing = true;
    workspace.loseAck = () => isLosing;
    const { sent } = client.send('lobby', 'hi');
    await settle(9999);
    expect(sends(workspace)).toEqual(['hi']);
    isLosing = false;
    await settle(2000);
    await sent;
    expect(sends(workspace)).toEqual(['hi', 'hi']);
    expect(workspace.messages('lobby')).toHaveLength(1);
    expect(shown(client)).toEqual(['hi']);
  });

  test('D3 once: a reaction that the repeat’s answer already contains is not counted again by its event', async () => {
    const { workspace, join } = setUp();
    const { client } = join('anna');
    await online(client);
    await watch(client);
    workspace.fault = () => 'lose';
    let isLosing = true;
    workspace.loseAck = () => isLosing;
    client.send('lobby', 'hi');
    await settle();
    const messageId = workspace.messages('lobby')[0]!.id;
    workspace.append('lobby', 'u-bob', { type: 'message.reacted', messageId, emoji: '👍', action: 'added' });
    isLosing = false;
    await settle(12_000);
    expect(client.room('lobby').get().messages).toMatchObject([
      { text: 'hi', delivery: 'sent', reactions: [{ count: 1, users: [{ id: 'u-bob' }] }] },
    ]);
  });

  test('D3 once: if the connection breaks between commit and acknowledgement, the event settles the send', async () => {
    const { workspace, join } = setUp();
    const { client } = join('anna');
    await online(client);
    await watch(client);
    workspace.fault = () => 'lose';
    workspace.loseAck = () => true;
    const { sent } = client.send('lobby', 'hi');
    await settle();
    workspace.drop();
    expect(shown(client)).toEqual(['(hi)']);
    await settle(2000);
    expect((await sent).text).toBe('hi');
    expect(sends(workspace)).toEqual(['hi']);
    expect(shown(client)).toEqual(['hi']);
  });

  test.each(['unavailable', 'internal', 'rate_limited'] as const)(
    'D6 failing closed: after %s the messages are retried in order',
    async (code) => {
      const { workspace, join } = setUp();
      const { client } = join('anna');
      await online(client);
      let refusals = 3;
      workspace.refuse = (name) => {
        if (name !== 'message.send' || refusals === 0) return undefined;
        refusals -= 1;
        return { code, message: 'not now', ...(code === 'rate_limited' && { retryAfter: 7 }) };
      };
      for (const text of ['1', '2', '3']) client.send('lobby', text);
      await settle();
      if (code === 'rate_limited') {
        await settle(6900);
        expect(sends(workspace)).toEqual(['1']);
      }
      await settle(60_000);
      expect(sends(workspace)).toEqual(['1', '1', '1', '1', '2', '3']);
      expect(workspace.messages('lobby').map(({ text }) => text)).toEqual(['1', '2', '3']);
    },
  );

  test('C6 a final refusal fails that message and lets the next ones pass; it can be retried or discarded', async () => {
    const { workspace, join } = setUp();
    const { client } = join('anna');
    await online(client);
    await watch(client);
    workspace.refuse = (name, input) =>
      name === 'message.send' && (input as { text: string }).text.startsWith('bad')
        ? { code: 'forbidden', message: 'you may not' }
        : undefined;
    const bad = client.send('lobby', 'bad 1');
    const bad2 = client.send('lobby', 'bad 2');
    const good = client.send('lobby', 'good');
    await good.sent;
    await expect(bad.sent).rejects.toMatchObject({ code: 'forbidden' } satisfies Partial<MadangError>);
    expect(shown(client)).toEqual(['good', '!bad 1!', '!bad 2!']);
    expect(client.room('lobby').get().messages[1]).toMatchObject({ error: { code: 'forbidden' } });
    workspace.refuse = () => undefined;
    client.discard(bad2.clientId);
    client.retry(bad.clientId);
    expect(shown(client)).toEqual(['good', '(bad 1)']);
    await settle();
    expect(shown(client)).toEqual(['good', 'bad 1']);
  });

  test('C7 rooms do not wait for each other', async () => {
    const { workspace, join } = setUp();
    workspace.addRoom('garden');
    const { client } = join('anna', { rooms: ['lobby', 'garden'] });
    await online(client);
    workspace.refuse = (name, input) =>
      name === 'message.send' && (input as { room: string }).room === 'lobby'
        ? { code: 'unavailable', message: 'not now' }
        : undefined;
    client.send('lobby', 'waits');
    await client.send('garden', 'passes').sent;
    expect(workspace.messages('lobby')).toEqual([]);
  });

  test.each([31, 32, 33])('C7 at most 32 rooms have a message in flight at a time (%i)', async (count) => {
    const { workspace, join } = setUp();
    const rooms = Array.from({ length: count }, (_, i) => `room-${i}`);
    for (const room of rooms) workspace.addRoom(room);
    const { client } = join('anna', { rooms });
    await online(client);
    workspace.refuse = (name) => (name === 'message.send' ? 'silence' : undefined);
    for (const room of rooms) client.send(room, room);
    await settle(5000);
    expect(sends(workspace)).toHaveLength(Math.min(count, 32));
    workspace.refuse = () => undefined;
    await settle(30_000);
    expect(rooms.flatMap((room) => workspace.messages(room).map(({ text }) => text))).toEqual(rooms);
  });

  test('D6 failing closed: messages written while the server was away are sent in order when it is back', async () => {
    const { workspace, join } = setUp();
    const { client } = join('anna');
    await online(client);
    await watch(client);
    workspace.isUp = false;
    workspace.drop();
    for (const text of ['1', '2', '3']) client.send('lobby', text);
    await settle(60_000);
    expect(shown(client)).toEqual(['(1)', '(2)', '(3)']);
    workspace.isUp = true;
    await settle(20_000);
    expect(shown(client)).toEqual(['1', '2', '3']);
    expect(sends(workspace)).toEqual(['1', '2', '3']);
  });

  test('C8 a message written before the first connection is sent once there is one', async () => {
    const { workspace, join } = setUp();
    const { client } = join('anna');
    client.send('lobby', 'early');
    await online(client);
    expect(workspace.messages('lobby').map(({ text }) => text)).toEqual(['early']);
  });
});

let databases = 0;
const stores = {
  memory: () => {
    const store = memoryOutboxStore();
    return () => store;
  },
  IndexedDB: () => {
    databases += 1;
    const name = `outbox-${databases}`;
    return () => indexedDbOutboxStore(name);
  },
};

/** fake-indexeddb works with real immediates. */
async function settleStore(): Promise<void> {
  for (let i = 0; i < 30; i += 1) {
    // oxlint-disable-next-line no-await-in-loop -- one turn after another is the point
    await new Promise((resolve) => setImmediate(resolve));
    // oxlint-disable-next-line no-await-in-loop -- the same
    await settle();
  }
}

describe.each(Object.entries(stores))('the outbox in %s', (_name, make) => {
  test('D3 once: messages survive a reload, and are sent once and in order', async () => {
    const { workspace, join } = setUp();
    const open = make();
    const before = join('anna', { outbox: open() }).client;
    await online(before);
    await settleStore();
    workspace.loseAck = ({ text }) => text === '1';
    workspace.fault = () => 'lose';
    for (const text of ['1', '2', '3']) before.send('lobby', text);
    await settleStore();
    expect(workspace.messages('lobby').map(({ text }) => text)).toEqual(['1']);
    await before.close();
    workspace.loseAck = () => false;
    workspace.fault = () => 'deliver';

    const after = join('anna', { outbox: open() }).client;
    await watch(after);
    await online(after);
    after.send('lobby', '4');
    await settleStore();
    expect(workspace.messages('lobby').map(({ text }) => text)).toEqual(['1', '2', '3', '4']);
    expect(shown(after)).toEqual(['1', '2', '3', '4']);
    await after.close();

    const last = join('anna', { outbox: open() }).client;
    await watch(last);
    await online(last);
    await settleStore();
    expect(shown(last)).toEqual(['1', '2', '3', '4']);
    expect(workspace.messages('lobby')).toHaveLength(4);
    await last.close();
  });

  test('C9 a failed message is still there after a reload, and still failed', async () => {
    const { workspace, join } = setUp();
    const open = make();
    const before = join('anna', { outbox: open() }).client;
    await online(before);
    await settleStore();
    workspace.refuse = (name) => (name === 'message.send' ? { code: 'too_large', message: 'too large' } : undefined);
    before.send('lobby', 'long');
    await settleStore();
    await before.close();
    workspace.refuse = () => undefined;
    const after = join('anna', { outbox: open() }).client;
    await watch(after);
    await online(after);
    await settleStore();
    expect(shown(after)).toEqual(['!long!']);
    after.retry(after.room('lobby').get().messages[0]!.key);
    await settleStore();
    expect(shown(after)).toEqual(['long']);
    await after.close();
  });

  test('D3 once: two tabs with one store neither lose nor repeat messages', async () => {
    const { workspace, join } = setUp();
    const open = make();
    const one = join('anna', { outbox: open() }).client;
    await online(one);
    await watch(one);
    await settleStore();
    workspace.isUp = false;
    workspace.drop();
    for (const text of ['1', '2', '3', 'unwanted']) one.send('lobby', text);
    await settleStore();
    workspace.isUp = true;
    const two = join('anna', { outbox: open() }).client;
    await watch(two);
    // The second tab has taken them over. Before it can send them, one is discarded in the first tab.
    workspace.refuse = (name) => (name === 'message.send' ? { code: 'unavailable', message: 'not now' } : undefined);
    await online(two);
    await settleStore();
    expect(shown(two)).toEqual(['(1)', '(2)', '(3)', '(unwanted)']);
    one.discard(one.room('lobby').get().messages.at(-1)!.key);
    await settleStore();
    workspace.refuse = () => undefined;
    two.send('lobby', '4');
    for (let i = 0; i < 20; i += 1) {
      // oxlint-disable-next-line no-await-in-loop -- time passes, and the store works in between
      await settle(1000);
      // oxlint-disable-next-line no-await-in-loop -- the same
      await settleStore();
    }
    expect(workspace.messages('lobby').map(({ text }) => text)).toEqual(['1', '2', '3', '4']);
    expect(shown(two)).toEqual(['1', '2', '3', '4']);
    expect(shown(one)).toEqual(['1', '2', '3', '4']);
    await one.close();
    await two.close();
  });

  test('C54 what a tab could not send before it was closed, another tab sends when it is online again', async () => {
    const { workspace, join } = setUp();
    const open = make();
    const one = join('anna', { outbox: open() }).client;
    const two = join('anna', { outbox: open() }).client;
    await online(one);
    await online(two);
    await watch(two);
    await settleStore();
    workspace.isUp = false;
    workspace.drop();
    one.send('lobby', '1');
    two.send('lobby', '2');
    await settleStore();
    expect(one.unsent.get()).toMatchObject([{ room: 'lobby', text: '1', user: 'u-anna' }]);
    await one.close();
    workspace.isUp = true;
    for (let i = 0; i < 20; i += 1) {
      // oxlint-disable-next-line no-await-in-loop -- time passes, and the store works in between
      await settle(1000);
      // oxlint-disable-next-line no-await-in-loop -- the same
      await settleStore();
    }
    expect(
      workspace
        .messages('lobby')
        .map(({ text }) => text)
        .sort(),
    ).toEqual(['1', '2']);
    expect(shown(two).toSorted()).toEqual(['1', '2']);
    expect(two.unsent.get()).toEqual([]);
    await two.close();
  });

  test('C10 entries belong to their user: no other user sends or sees them, and signing out removes them', async () => {
    const { workspace, join } = setUp();
    const open = make();
    const anna = join('anna', { outbox: open() }).client;
    await online(anna);
    await settleStore();
    workspace.refuse = (name) => (name === 'message.send' ? { code: 'unavailable', message: 'not now' } : undefined);
    const { sent } = anna.send('lobby', 'annas');
    await settleStore();
    const bob = join('bob', { outbox: open() }).client;
    await watch(bob);
    await online(bob);
    await settleStore();
    expect(shown(bob)).toEqual([]);
    await anna.signOut();
    await expect(sent).rejects.toMatchObject({ code: 'unauthenticated' });
    await settleStore();
    expect(await open().load('u-anna')).toEqual([]);
    await bob.close();
  });
});

const broken = () => Promise.reject(new Error('no disk'));
const stuck = () => new Promise<never>(() => {});

test('C11 a failing store costs only persistence, and is reported', async () => {
  const { workspace, join } = setUp();
  const { client } = join('anna', {
    outbox: { load: broken, has: broken, put: broken, remove: broken, close: broken },
  });
  expect(client.outboxError.get()).toBeUndefined();
  await online(client);
  await client.send('lobby', 'hi').sent;
  expect(workspace.messages('lobby')).toHaveLength(1);
  expect(client.outboxError.get()).toBeInstanceOf(MadangError);
});

test('C11 a store that never answers is waited for at most 3 s, also when closing', async () => {
  const { workspace, join } = setUp();
  const { client } = join('anna', {
    outbox: { load: stuck, has: stuck, put: stuck, remove: stuck, close: stuck },
  });
  await online(client);
  client.send('lobby', 'hi');
  await settle(2900);
  expect(workspace.messages('lobby')).toEqual([]);
  await settle(200);
  expect(workspace.messages('lobby')).toHaveLength(1);
  expect(client.outboxError.get()).toMatchObject({ code: 'unavailable' });
  let isClosed = false;
  void client.close().then(() => (isClosed = true));
  await settle(6100);
  expect(isClosed).toBe(true);
  expect(vi.getTimerCount()).toBe(0);
});

test('C11 after a store was full for a while, waiting messages are stored once it works again', async () => {
  const { workspace, join } = setUp();
  const store = memoryOutboxStore();
  let isFull = true;
  const { client } = join('anna', { outbox: { ...store, put: (entry) => (isFull ? broken() : store.put(entry)) } });
  await online(client);
  workspace.refuse = (name) => (name === 'message.send' ? { code: 'unavailable', message: 'not now' } : undefined);
  client.send('lobby', '1');
  client.send('lobby', '2');
  await settle();
  expect(await store.load('u-anna')).toEqual([]);
  expect(client.outboxError.get()).toBeDefined();
  isFull = false;
  client.send('lobby', '3');
  await settle();
  expect((await store.load('u-anna')).map(({ text }) => text)).toEqual(['1', '2', '3']);
  expect(client.outboxError.get()).toBeUndefined();
});
