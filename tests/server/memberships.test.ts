import { createClient } from '@madang/client';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Disposables } from '../support/disposables.ts';
import { startGuest } from '../support/guest.ts';
import { connectHttp } from '../support/http-client.ts';
import { connectJsonRpc } from '../support/json-rpc-client.ts';
import type { TestServer } from '../support/start-server.ts';
import { ENGINES, startServerOn } from '../support/start-server-on.ts';
import { call, outcome, type TransportClient } from '../support/transport-client.ts';

const work = { id: 'work', name: '일' };
const home = { id: 'home', name: '집' };

describe.each(ENGINES)('with %s', (engine) => {
  const open = new Disposables();
  let server: TestServer;
  let count = 0;
  beforeAll(async () => {
    server = await startServerOn(engine, open, ['--limits', 'off']);
  });
  afterAll(() => open[Symbol.asyncDispose]());

  const roomOf = async (client: TransportClient, id: string) =>
    (await call(client, 'session.get', {})).rooms.find((room) => room.id === id);

  test('favorites, sections and muted rooms follow on one’s own connections, and nobody else hears of them', async () => {
    const guest = await startGuest(server.url, `owner ${++count}`);
    await using one = await connectJsonRpc(server.url, guest);
    await using two = await connectJsonRpc(server.url, guest);
    await using other = await connectJsonRpc(server.url, { name: `other ${count}` });
    expect(await roomOf(one, 'lobby')).not.toHaveProperty('favorite');
    expect(await call(one, 'section.set', { sections: [work, home] })).toEqual({ sections: [work, home] });
    expect((await two.events.first(({ name }) => name === 'sections.changed')).body).toEqual({
      sections: [work, home],
    });
    const plain = { room: 'lobby', favorite: false, section: null, level: 'all' };
    expect(await call(one, 'membership.set', { room: 'lobby', favorite: true })).toEqual({ ...plain, favorite: true });
    await call(one, 'membership.set', { room: 'lobby', section: 'work' });
    const muted = { room: 'lobby', favorite: true, section: 'work', level: 'nothing' };
    expect(await call(one, 'notification.set', { room: 'lobby', level: 'nothing' })).toEqual(muted);
    await two.events.first(({ name, body }) => name === 'membership.changed' && body['level'] === 'nothing');
    const told = two.events.all.filter(({ name }) => name === 'membership.changed').map(({ body }) => body);
    expect(told).toEqual([{ ...plain, favorite: true }, { ...muted, level: 'all' }, muted]);
    expect(one.events.all.filter(({ name }) => /membership|sections/.test(name))).toEqual([]);
    expect(await roomOf(two, 'lobby')).toMatchObject({ favorite: true, section: 'work', level: 'nothing' });
    expect((await call(two, 'session.get', {})).sections).toEqual([work, home]);
    // What changes nothing tells nothing, and answers how it is.
    expect(await call(one, 'membership.set', { room: 'lobby' })).toEqual(muted);

    // A section that is gone takes its rooms out; a new name leaves them in.
    await call(two, 'section.set', { sections: [home, { ...work, name: '새 일' }] });
    expect((await roomOf(one, 'lobby'))?.section).toBe('work');
    await call(two, 'section.set', { sections: [home] });
    expect(await roomOf(one, 'lobby')).not.toHaveProperty('section');
    expect(await call(one, 'section.list', {})).toEqual({ sections: [home] });
    expect(await call(one, 'notification.set', { room: 'lobby', level: 'all' })).toEqual({ ...plain, favorite: true });
    expect(await roomOf(other, 'lobby')).not.toHaveProperty('favorite');
    expect((await call(other, 'session.get', {})).sections).toEqual([]);
    expect(other.events.all.filter(({ name }) => /membership|sections/.test(name))).toEqual([]);
  });

  test('sections that another device has changed since are not replaced', async () => {
    await using one = await connectHttp(server.url, await startGuest(server.url, `at once ${++count}`));
    await call(one, 'section.set', { sections: [work], was: [] });
    for (const was of [[], [home], [{ ...work, name: 'other' }], [work, home]])
      expect(await outcome(one, 'section.set', { sections: [home], was })).toBe('conflict');
    expect(await call(one, 'section.list', {})).toEqual({ sections: [work] });
    // In any order of its fields.
    await call(one, 'section.set', { sections: [], was: [{ name: work.name, id: work.id }] });
    expect(await outcome(one, 'section.set', { sections: [], was: [work] })).toBe('conflict');
    expect(await outcome(one, 'section.set', { sections: [home], was: [] })).toBe('ok');
  });

  test('a room that is left and joined again starts plain', async () => {
    await using one = await connectHttp(server.url, await startGuest(server.url, `leaver ${++count}`));
    await call(one, 'section.set', { sections: [work] });
    await call(one, 'membership.set', { room: 'lobby', favorite: true, section: 'work' });
    await call(one, 'notification.set', { room: 'lobby', level: 'nothing' });
    await call(one, 'room.leave', { room: 'lobby' });
    expect(await outcome(one, 'membership.set', { room: 'lobby', favorite: true })).toBe('forbidden');
    const { room } = await call(one, 'room.join', { room: 'lobby' });
    for (const field of ['favorite', 'section', 'level']) expect(room).not.toHaveProperty(field);
  });

  test('what makes no sense is refused, at and above each limit', async () => {
    await using one = await connectHttp(server.url, await startGuest(server.url, `strange ${++count}`));
    const many = (length: number) => Array.from({ length }, (_, at) => ({ id: `s-${at}`, name: `섹션 ${at}` }));
    const set = (sections: unknown) => outcome(one, 'section.set', { sections });
    expect(await set(many(50))).toBe('ok');
    expect(await set([{ id: 'x'.repeat(40), name: '가'.repeat(32) }])).toBe('ok');
    for (const sections of [
      many(51),
      [work, work],
      [{ id: 'x'.repeat(41), name: 'a' }],
      [{ id: 'Work', name: 'a' }],
      [{ id: '', name: 'a' }],
      [{ id: 'a', name: '가'.repeat(33) }],
      [{ id: 'a', name: '' }],
      [{ id: 'a', name: '\u200b' }],
      [{ id: 'a', name: 'a', more: 1 }],
      [null],
      'work',
    ]) {
      expect(await set(sections), JSON.stringify(sections).slice(0, 60)).toBe('invalid_input');
    }
    for (const input of [{ favorite: 1 }, { favorite: null }, { section: '' }, { section: 5 }, { level: 'nothing' }]) {
      expect(await outcome(one, 'membership.set', { room: 'lobby', ...input })).toBe('invalid_input');
    }
    expect(await outcome(one, 'membership.set', { room: 'lobby', section: 'nowhere' })).toBe('not_found');
    for (const level of ['mentions', 'none', '', null]) {
      expect(await outcome(one, 'notification.set', { room: 'lobby', level })).toBe('invalid_input');
    }
  });

  test('the SDK’s rooms and sections follow, its own calls at once and those of other devices', async () => {
    const guest = await startGuest(server.url, `device ${++count}`);
    const [one, two] = [1, 2].map(() => createClient({ url: server.url, token: guest.token }));
    if (!one || !two) throw new Error('two clients');
    try {
      for (const client of [one, two]) client.connect();
      await expect.poll(() => [one.state.get().status, two.state.get().status]).toEqual(['online', 'online']);
      await one.call('section.set', { sections: [work] });
      expect(one.sections.get()).toEqual([work]);
      await one.call('membership.set', { room: 'lobby', favorite: true, section: 'work' });
      await one.call('notification.set', { room: 'lobby', level: 'nothing' });
      const wanted = { favorite: true, section: 'work', level: 'nothing' };
      const lobby = (client: typeof one) => client.rooms.get().find(({ id }) => id === 'lobby');
      expect(lobby(one)).toMatchObject(wanted);
      await expect.poll(() => lobby(two)).toMatchObject(wanted);
      expect(two.sections.get()).toEqual([work]);
      await two.call('section.set', { sections: [] });
      await expect.poll(() => lobby(one)?.section).toBeUndefined();
      expect(one.sections.get()).toEqual([]);
      await two.call('membership.set', { room: 'lobby', favorite: false });
      await expect.poll(() => lobby(one)).not.toHaveProperty('favorite');
    } finally {
      await Promise.all([one.close(), two.close()]);
    }
  });
});
