import { type Client, type Cursors, createClient, type CursorReset, MadangError } from '@madang/client';
import { describe, expect, test } from 'vitest';
import { fakeTime, heard, newWorkspace, online, settle } from './support.js';

/** A bot that is stopped and started again: each run is a new client that continues from what the last one saved. */
function setUp() {
  fakeTime();
  const { workspace, join } = newWorkspace();
  workspace.addUser('bob');
  async function live(resume?: Cursors) {
    const { client } = join('anna', resume ? { resume } : {});
    const texts = heard(client);
    const resets: CursorReset[] = [];
    client.on('cursor.reset', (reset) => resets.push(reset));
    await online(client);
    await settle(2000);
    return { client, texts, resets };
  }
  return { workspace, join, live };
}

/** What the bot saves in a file. */
async function end(client: Client): Promise<Cursors> {
  const cursors = JSON.parse(JSON.stringify(client.cursors())) as Cursors;
  await client.close();
  return cursors;
}

describe('resume', () => {
  test('D4 resume: messages sent between two runs of a program are delivered to the second, once, in order', async () => {
    const { workspace, live } = setUp();
    const first = await live();
    workspace.say('lobby', 'u-bob', 'heard');
    await settle();
    const cursors = await end(first.client);
    for (let i = 0; i < 1500; i += 1) workspace.say('lobby', 'u-bob', String(i));
    const second = await live(cursors);
    workspace.say('lobby', 'u-bob', 'live');
    await settle();
    expect(first.texts).toEqual(['heard']);
    expect(second.texts).toEqual([...Array.from({ length: 1500 }, (_, i) => String(i)), 'live']);
    expect(second.resets).toEqual([]);
    expect(second.client.cursors()).toEqual({ epoch: 'epoch-1', rooms: { lobby: workspace.head('lobby') } });
  });

  test('D4 resume: cursors read in a listener include the current event, and no later one', async () => {
    const { workspace, join } = setUp();
    const { client } = join('anna');
    const seen: [string, number | undefined][] = [];
    client.on('message.created', ({ message }) => seen.push([message.text, client.cursors()?.rooms['lobby']]));
    expect(client.cursors()).toBeUndefined();
    await online(client);
    const start = workspace.head('lobby');
    expect(client.cursors()?.rooms).toEqual({ lobby: start });
    workspace.drop();
    workspace.say('lobby', 'u-bob', '1');
    workspace.say('lobby', 'u-bob', '2');
    await settle(2000);
    expect(seen).toEqual([
      ['1', start + 1],
      ['2', start + 2],
    ]);
  });

  test('D4 resume: a room joined in the meantime begins at the join, also after a break', async () => {
    const { workspace, live } = setUp();
    workspace.addRoom('garden');
    workspace.addRoom('pond');
    for (const room of ['garden', 'pond']) workspace.say(room, 'u-bob', 'before');
    const first = await live();
    const cursors = await end(first.client);
    workspace.join('garden', 'u-anna');
    workspace.say('garden', 'u-bob', 'between lives');
    const second = await live(cursors);
    workspace.drop();
    workspace.join('pond', 'u-anna');
    workspace.say('pond', 'u-bob', 'in a break');
    await settle(2000);
    expect(first.texts).toEqual([]);
    expect(second.texts).toEqual(['between lives', 'in a break']);
  });

  test('D4 resume: when the history has changed, a reset comes first, and nothing old is delivered as new', async () => {
    const { workspace, live } = setUp();
    const first = await live();
    for (const text of ['1', '2']) workspace.say('lobby', 'u-bob', text);
    await settle();
    const cursors = await end(first.client);
    workspace.epoch = 'epoch-2';
    workspace.rooms.get('lobby')!.log.splice(-1);
    for (const text of ['other 1', 'other 2']) workspace.say('lobby', 'u-bob', text);
    const after = workspace.head('lobby');
    const second = await live(cursors);
    expect(second.texts).toEqual([]);
    expect(second.resets).toEqual([{ type: 'cursor.reset', room: 'lobby', reason: 'history', after }]);
    workspace.say('lobby', 'u-bob', 'new');
    await settle();
    expect(second.texts).toEqual(['new']);
    expect(second.client.cursors()).toEqual({ epoch: 'epoch-2', rooms: { lobby: after + 1 } });
  });

  test('D4 resume: a cursor beyond the head counts as one of another history', async () => {
    const { workspace, live } = setUp();
    const after = workspace.head('lobby') + 1;
    const { texts, resets } = await live({ epoch: 'epoch-1', rooms: { lobby: 900 } });
    expect(resets).toEqual([{ type: 'cursor.reset', room: 'lobby', reason: 'history', after }]);
    workspace.say('lobby', 'u-bob', 'new');
    await settle();
    expect(texts).toEqual(['new']);
  });

  test('D4 resume: events no longer kept are reported as a reset, and the rest is delivered', async () => {
    const { workspace, live } = setUp();
    const first = await live();
    const cursors = await end(first.client);
    for (const text of ['old 1', 'old 2', 'kept']) workspace.say('lobby', 'u-bob', text);
    const after = workspace.head('lobby') - 1;
    workspace.logStarts.set('lobby', after);
    const { texts, resets } = await live(cursors);
    expect(texts).toEqual(['kept']);
    expect(resets).toEqual([{ type: 'cursor.reset', room: 'lobby', reason: 'retention', after }]);
  });

  test('D8 cursors of a room that the user has left reveal nothing about it', async () => {
    const { workspace, live } = setUp();
    const first = await live();
    const cursors = await end(first.client);
    workspace.addRoom('garden');
    workspace.say('lobby', 'u-bob', 'missed');
    workspace.leave('lobby', 'u-anna');
    const { client, texts } = await live({ ...cursors, rooms: { ...cursors.rooms, garden: 0 } });
    workspace.say('garden', 'u-bob', 'not mine');
    await settle(2000);
    expect(texts).toEqual([]);
    expect(client.cursors()).toEqual({ epoch: 'epoch-1', rooms: {} });
  });

  test('C40 another user who signs in does not resume from the previous user’s cursors', async () => {
    const { workspace, join } = setUp();
    const { client } = join('anna');
    await online(client);
    await client.signOut();
    expect(client.cursors()).toBeUndefined();
    for (const text of ['1', '2']) workspace.say('lobby', 'u-bob', text);
    const texts = heard(client);
    await client.signIn({ token: 'token-bob' });
    expect(texts).toEqual([]);
  });

  test.each([
    ['a string', '{}'],
    ['no epoch', { rooms: {} }],
    ['an epoch that is a number', { epoch: 1, rooms: {} }],
    ['no rooms', { epoch: 'e' }],
    ['rooms that are null', { epoch: 'e', rooms: null }],
    ['a seq that is a string', { epoch: 'e', rooms: { lobby: '5' } }],
    ['a seq below 0', { epoch: 'e', rooms: { lobby: -1 } }],
    ['a seq between two', { epoch: 'e', rooms: { lobby: 1.5 } }],
  ])("C40 cursors that cursors() can't have returned are refused when they are given: %s", (_what, resume) => {
    const create = () => createClient({ url: 'http://workspace.test', resume: resume as Cursors });
    expect(create).toThrow(MadangError);
    expect(create).toThrow(/^resume: /);
  });

  test('D3 once: a message with an id chosen by the caller is sent once, however often it is given', async () => {
    const { workspace, join } = setUp();
    const { client } = join('anna');
    const before = client.send('lobby', 'early', { clientId: 'reply:1' });
    expect(client.send('lobby', 'early', { clientId: 'reply:1' }).sent).toBe(before.sent);
    await online(client);
    const { id } = await before.sent;
    expect((await client.send('lobby', 'late', { clientId: 'reply:1' }).sent).id).toBe(id);
    expect(workspace.messages('lobby').map(({ text }) => text)).toEqual(['early']);
  });

  test('D3 once: a refused message is sent again when it is given again', async () => {
    const { workspace, join } = setUp();
    const { client } = join('anna');
    await online(client);
    workspace.refuse = (name) => (name === 'message.send' ? { code: 'forbidden', message: 'no' } : undefined);
    await expect(client.send('lobby', 'hi', { clientId: 'reply:1' }).sent).rejects.toMatchObject({ code: 'forbidden' });
    workspace.refuse = () => undefined;
    expect(await client.send('lobby', 'hi', { clientId: 'reply:1' }).sent).toMatchObject({ text: 'hi' });
    expect(workspace.messages('lobby')).toHaveLength(1);
  });
});
