import type { LoggedEvent } from '@madang/client';
import { describe, expect, test } from 'vitest';
import { fakeTime, heard, newWorkspace, online, settle, shown, watch } from './support.js';

async function anna() {
  fakeTime();
  const { workspace, join } = newWorkspace();
  workspace.addUser('bob');
  const { client } = join('anna');
  await online(client);
  await watch(client);
  return { workspace, join, client, texts: heard(client) };
}

describe('what the network does to events', () => {
  test('D2 order: an event that arrives early waits for those before it', async () => {
    const { workspace, client, texts } = await anna();
    workspace.fault = () => 'later';
    for (const text of ['1', '2', '3', '4']) workspace.say('lobby', 'u-bob', text);
    workspace.deliverLate((count) => count - 1);
    await settle();
    expect(texts).toEqual(['1', '2', '3', '4']);
    expect(shown(client)).toEqual(['1', '2', '3', '4']);
    await settle(1000);
    expect(workspace.calls.filter(({ name }) => name === 'log.read')).toEqual([]);
  });

  test('D3 once: an event that arrives again, at once or later, is delivered once', async () => {
    const { workspace, client, texts } = await anna();
    workspace.fault = () => 'twice';
    workspace.say('lobby', 'u-bob', '1');
    workspace.say('lobby', 'u-bob', '2');
    for (const event of workspace.rooms.get('lobby')!.log) workspace.deliver(workspace.connections()[0]!, event);
    await settle(1000);
    expect(texts).toEqual(['1', '2']);
    expect(shown(client)).toEqual(['1', '2']);
  });

  test('D2 order: a gap is filled from the log, and nothing above it is delivered before that', async () => {
    const { workspace, client, texts } = await anna();
    workspace.fault = (event) => (event.type === 'message.created' && event.message.text === '2' ? 'lose' : 'deliver');
    for (const text of ['1', '2', '3']) workspace.say('lobby', 'u-bob', text);
    await settle();
    expect(texts).toEqual(['1']);
    await settle(1000);
    expect(texts).toEqual(['1', '2', '3']);
    expect(shown(client)).toEqual(['1', '2', '3']);
    expect(workspace.calls.filter(({ name }) => name === 'log.read')).toHaveLength(1);
  });

  test('D5 bounded: after room.behind everything that was skipped is read, over several pages', async () => {
    const { workspace, client, texts } = await anna();
    workspace.fault = () => 'lose';
    for (let i = 0; i < 450; i += 1) workspace.say('lobby', 'u-bob', String(i));
    workspace.connections()[0]!.deliver('room.behind', { room: 'lobby', head: workspace.head('lobby') });
    await settle(10);
    expect(texts).toHaveLength(450);
    expect(texts).toEqual(Array.from({ length: 450 }, (_, i) => String(i)));
    expect(workspace.calls.filter(({ name }) => name === 'log.read')).toHaveLength(3);
    expect(shown(client)).toHaveLength(450);
  });

  test('D2 order: if more events are above a gap than are held, they come from the log, in order', async () => {
    const { workspace, texts } = await anna();
    let isFirst = true;
    workspace.fault = () => {
      const fault = isFirst ? 'lose' : 'deliver';
      isFirst = false;
      return fault;
    };
    for (let i = 0; i < 400; i += 1) workspace.say('lobby', 'u-bob', String(i));
    await settle(1000);
    expect(texts).toEqual(Array.from({ length: 400 }, (_, i) => String(i)));
  });

  test('D7 across nodes: a failed read of the log is retried', async () => {
    const { workspace, texts } = await anna();
    let reads = 0;
    workspace.refuse = (name) => {
      if (name !== 'log.read') return undefined;
      reads += 1;
      return reads < 4 ? { code: 'unavailable', message: 'not now' } : undefined;
    };
    workspace.fault = (event) => (event.seq === 4 ? 'lose' : 'deliver');
    workspace.say('lobby', 'u-bob', '1');
    workspace.say('lobby', 'u-bob', '2');
    await settle(60_000);
    expect(texts).toEqual(['1', '2']);
    expect(reads).toBe(4);
  });

  test('C1 an event type that the client does not know yet still counts in the order', async () => {
    const { workspace, texts } = await anna();
    workspace.append('lobby', 'u-bob', { type: 'poll.opened' } as unknown as LoggedEvent);
    workspace.say('lobby', 'u-bob', 'after');
    await settle(1000);
    expect(texts).toEqual(['after']);
    expect(workspace.calls.filter(({ name }) => name === 'log.read')).toEqual([]);
  });

  test('C2 a listener that throws does not keep the others from being called', async () => {
    const { workspace, client } = await anna();
    const surfaced: unknown[] = [];
    const listeners = process.listeners('uncaughtException');
    process.removeAllListeners('uncaughtException');
    process.once('uncaughtException', (error) => surfaced.push(error));
    client.on('message.created', () => {
      throw new Error('mine');
    });
    const texts = heard(client);
    workspace.say('lobby', 'u-bob', '1');
    await settle();
    for (const listener of listeners) process.on('uncaughtException', listener);
    expect(texts).toEqual(['1']);
    expect(surfaced).toEqual([new Error('mine')]);
  });
});

describe('after a break', () => {
  test('D4 resume: one sync brings what was missed, once, in order', async () => {
    const { workspace, client, texts } = await anna();
    workspace.say('lobby', 'u-bob', 'before');
    workspace.drop();
    workspace.say('lobby', 'u-bob', 'missed 1');
    workspace.say('lobby', 'u-bob', 'missed 2');
    await settle(1000);
    expect(client.state.get().status).toBe('online');
    workspace.say('lobby', 'u-bob', 'after');
    await settle();
    expect(texts).toEqual(['before', 'missed 1', 'missed 2', 'after']);
    expect(shown(client)).toEqual(texts);
    expect(workspace.calls.filter(({ name }) => name === 'sync')).toHaveLength(1);
    expect(workspace.calls.filter(({ name }) => name === 'log.read')).toEqual([]);
  });

  test('D4 resume: live events that overtake the answer of sync wait for it', async () => {
    const { workspace, client, texts } = await anna();
    workspace.drop();
    workspace.say('lobby', 'u-bob', 'missed');
    workspace.refuse = (name) => {
      if (name === 'sync') workspace.say('lobby', 'u-bob', 'live');
      return undefined;
    };
    await settle(1000);
    expect(texts).toEqual(['missed', 'live']);
    expect(shown(client)).toEqual(texts);
  });

  test('D4 resume: what did not fit into one sync is read from the log in pages', async () => {
    const { workspace, texts } = await anna();
    workspace.drop();
    for (let i = 0; i < 650; i += 1) workspace.say('lobby', 'u-bob', String(i));
    await settle(1000);
    expect(texts).toEqual(Array.from({ length: 650 }, (_, i) => String(i)));
  });

  test('D4 resume: if sync fails, each room is read on its own', async () => {
    const { workspace, client, texts } = await anna();
    workspace.drop();
    workspace.say('lobby', 'u-bob', 'missed');
    workspace.refuse = (name) => (name === 'sync' ? { code: 'internal', message: 'oops' } : undefined);
    await settle(1000);
    expect(client.state.get().status).toBe('online');
    expect(texts).toEqual(['missed']);
  });

  test('C3 far behind: the view shows the newest page, listeners still receive everything', async () => {
    const { workspace, client, texts } = await anna();
    workspace.say('lobby', 'u-bob', 'before');
    workspace.drop();
    for (let i = 0; i < 1200; i += 1) workspace.say('lobby', 'u-bob', String(i));
    await settle(2000);
    expect(texts).toEqual(['before', ...Array.from({ length: 1200 }, (_, i) => String(i))]);
    expect(shown(client)).toEqual(Array.from({ length: 50 }, (_, i) => String(1150 + i)));
    expect(client.room('lobby').get().hasOlder).toBe(true);
    workspace.say('lobby', 'u-bob', 'live');
    await settle();
    expect(shown(client).at(-1)).toBe('live');
  });

  test('C3 far behind: without a listener of events the log is not read', async () => {
    fakeTime();
    const { workspace, join } = newWorkspace();
    workspace.addUser('bob');
    const { client } = join('anna');
    await online(client);
    await watch(client);
    workspace.drop();
    for (let i = 0; i < 1200; i += 1) workspace.say('lobby', 'u-bob', String(i));
    await settle(2000);
    workspace.say('lobby', 'u-bob', 'live');
    await settle();
    expect(shown(client)).toHaveLength(51);
    expect(workspace.calls.filter(({ name }) => name === 'log.read' || name === 'sync')).toEqual([]);
  });

  test('C3 far behind: a page requested before the jump is not shown as the newest', async () => {
    fakeTime();
    const { workspace, join } = newWorkspace();
    workspace.addUser('bob');
    const { client, transport } = join('anna');
    await online(client);
    let delayMs = 500;
    workspace.delay = (name) => (name === 'message.list' ? delayMs : 0);
    await watch(client);
    delayMs = 0;
    workspace.fault = () => 'lose';
    for (let i = 0; i < 1200; i += 1) workspace.say('lobby', 'u-bob', String(i));
    transport.last.deliver('room.behind', { room: 'lobby', head: workspace.head('lobby') });
    await settle(2000);
    expect(shown(client)).toEqual(Array.from({ length: 50 }, (_, i) => String(1150 + i)));
  });

  test.each([1000, 1001])('C3 far behind: the limit is 1000 events (%i)', async (count) => {
    fakeTime();
    const { workspace, join } = newWorkspace();
    workspace.addUser('bob');
    const { client } = join('anna');
    await online(client);
    workspace.drop();
    for (let i = 0; i < count; i += 1) workspace.say('lobby', 'u-bob', String(i));
    await settle(2000);
    expect(workspace.calls.some(({ name }) => name === 'sync')).toBe(count <= 1000);
  });

  test('D4 resume: after longer than the log is kept, the view shows what is left, and listeners receive it', async () => {
    const { workspace, client, texts } = await anna();
    workspace.say('lobby', 'u-bob', 'seen');
    workspace.drop();
    for (const text of ['old 1', 'old 2', 'kept 1', 'kept 2']) workspace.say('lobby', 'u-bob', text);
    workspace.logStarts.set('lobby', workspace.head('lobby') - 2);
    await settle(1000);
    expect(client.state.get().status).toBe('online');
    workspace.say('lobby', 'u-bob', 'after');
    await settle();
    expect(texts).toEqual(['seen', 'kept 1', 'kept 2', 'after']);
    expect(shown(client)).toEqual(['kept 1', 'kept 2', 'after']);
    expect(client.room('lobby').get()).toMatchObject({ hasOlder: false, isCut: true });
    const calls = workspace.calls.length;
    await settle(60_000);
    expect(workspace.calls).toHaveLength(calls);
  });

  test('D4 resume: the same without a listener, and where nothing is left', async () => {
    fakeTime();
    const { workspace, join } = newWorkspace();
    workspace.addUser('bob');
    const { client } = join('anna');
    await online(client);
    await watch(client);
    workspace.say('lobby', 'u-bob', 'seen');
    expect(client.room('lobby').get()).toMatchObject({ hasOlder: false, isCut: false });
    for (const left of [1, 0]) {
      workspace.drop();
      for (const text of ['old', 'kept']) workspace.say('lobby', 'u-bob', text);
      workspace.logStarts.set('lobby', workspace.head('lobby') - left);
      await settle(5000);
      expect(shown(client)).toEqual(['kept'].slice(0, left));
    }
    workspace.say('lobby', 'u-bob', 'after');
    await settle(60_000);
    expect(shown(client)).toEqual(['after']);
    expect(workspace.calls.filter(({ name }) => name === 'log.read')).toEqual([]);
  });

  test('D2 order: a gap whose events are no longer kept is skipped, and nothing waits for it', async () => {
    const { workspace, client, texts } = await anna();
    let losses = 3;
    workspace.fault = () => (losses-- > 0 ? 'lose' : 'deliver');
    for (const text of ['old 1', 'old 2', 'kept', 'live']) workspace.say('lobby', 'u-bob', text);
    workspace.logStarts.set('lobby', workspace.head('lobby') - 2);
    await settle(1000);
    expect(texts).toEqual(['kept', 'live']);
    expect(shown(client)).toEqual(['kept', 'live']);
    expect(workspace.calls.filter(({ name }) => name === 'log.read').length).toBeLessThanOrEqual(2);
  });

  test('D4 resume: another epoch resets the view, and old cursors bring no wrong events', async () => {
    const { workspace, client, texts } = await anna();
    for (const text of ['1', '2', '3']) workspace.say('lobby', 'u-bob', text);
    await settle();
    workspace.drop();
    workspace.epoch = 'epoch-2';
    workspace.rooms.get('lobby')!.log.splice(-2);
    workspace.say('lobby', 'u-bob', 'other 2');
    await settle(1000);
    expect(shown(client)).toEqual(['1', 'other 2']);
    expect(client.rooms.get()[0]!.head).toBe(workspace.head('lobby'));
    workspace.say('lobby', 'u-bob', 'live');
    await settle();
    expect(shown(client)).toEqual(['1', 'other 2', 'live']);
    expect(texts).toEqual(['1', '2', '3', 'live']);
  });

  test('D4 resume: live events of another epoch that arrive before the session is known are not counted as the old one’s', async () => {
    const { workspace, client, texts } = await anna();
    for (const text of ['1', '2']) workspace.say('lobby', 'u-bob', text);
    await settle();
    workspace.drop();
    workspace.epoch = 'epoch-2';
    workspace.rooms.get('lobby')!.log.splice(-2);
    workspace.say('lobby', 'u-bob', 'other 1');
    workspace.say('lobby', 'u-bob', 'other 2');
    workspace.delay = (name) => (name === 'session.get' ? 500 : 0);
    workspace.refuse = (name) => {
      if (name === 'session.get') workspace.say('lobby', 'u-bob', `before ${workspace.head('lobby')}`);
      return undefined;
    };
    await settle(2000);
    expect(shown(client)).toEqual(['other 1', 'other 2', 'before 5']);
    expect(texts).toEqual(['1', '2']);
    workspace.say('lobby', 'u-bob', 'live');
    await settle();
    expect(texts).toEqual(['1', '2', 'live']);
  });

  test('D8 a room that the user was removed from while away is gone, and one that they joined is there', async () => {
    const { workspace, client } = await anna();
    workspace.addRoom('garden');
    workspace.drop();
    workspace.leave('lobby', 'u-anna');
    workspace.join('garden', 'u-anna');
    await settle(1000);
    expect(client.rooms.get().map(({ id }) => id)).toEqual(['garden']);
    expect(client.room('lobby').get()).toMatchObject({ status: 'gone', room: undefined, messages: [] });
  });
});
