import type { RoomAbilities } from '@madang/client';
import { describe, expect, test } from 'vitest';
import { fakeTime, newWorkspace, online, settle, watch } from './support.js';

/** Anna in the lobby, with one message of Bob's and one of hers, and what the server lets her do there. */
async function anna() {
  fakeTime();
  const { workspace, join } = newWorkspace();
  workspace.addUser('bob');
  const { client } = join('anna');
  workspace.say('lobby', 'u-bob', 'from bob');
  workspace.say('lobby', 'u-anna', 'from anna');
  await online(client);
  await watch(client);
  const before = workspace.can('lobby', 'u-anna');
  const view = client.room('lobby');
  return {
    workspace,
    client,
    view,
    before,
    /** Sets what the server lets her do from now on. */
    allow: (change: Partial<RoomAbilities>) => (workspace.can = () => ({ ...before, ...change })),
    tellChanged: () => {
      for (const connection of workspace.connections()) connection.deliver('access.changed', { room: 'lobby' });
    },
    questions: () => workspace.calls.filter(({ name }) => name === 'room.get').length,
    cans: () => view.get().messages.map(({ can }) => can),
  };
}

const silenced = { write: false, react: false, ownMessages: { delete: true }, otherMessages: {} } as const;

describe('what the user may do', () => {
  test('C41 each message of a view has the room’s `can` for own or for others’ messages; a deleted or unsent one has none', async () => {
    const { workspace, client, before, cans } = await anna();
    expect(cans()).toEqual([before.otherMessages, before.ownMessages]);
    workspace.remove('u-anna', 'lobby.5');
    workspace.refuse = (name) => (name === 'message.send' ? 'silence' : undefined);
    client.send('lobby', 'on its way');
    await settle();
    expect(client.room('lobby').get().messages[1]).toHaveProperty('deletedAt');
    expect(cans()).toEqual([before.otherMessages, undefined, undefined]);
  });

  test('C41 it follows `access.changed`, asks once for a burst, and notifies only of what changed', async () => {
    const { view, allow, tellChanged, questions, cans } = await anna();
    const [fromBob] = view.get().messages;
    allow({ manage: true, otherMessages: { react: true } });
    for (let times = 0; times < 5; times += 1) tellChanged();
    await settle();
    expect(questions()).toBe(2);
    expect(view.get().room?.can.manage).toBe(true);
    allow(silenced);
    tellChanged();
    await settle();
    expect(view.get().room?.can).toMatchObject({ write: false });
    expect(cans()).toEqual([{}, { delete: true }]);
    tellChanged();
    const shown = view.get().messages;
    await settle();
    expect(view.get().messages[0]).toBe(shown[0]);
    expect(view.get().messages[0]).not.toBe(fromBob);
  });

  test('C41 it follows a role that the log gives to the user, but not one given to others', async () => {
    const { workspace, view, allow, questions } = await anna();
    allow({ manage: true });
    workspace.append('lobby', 'u-bob', { type: 'member.updated', user: workspace.ref('u-bob'), role: 'owner' });
    await settle();
    expect(questions()).toBe(0);
    workspace.append('lobby', 'u-bob', { type: 'member.updated', user: workspace.ref('u-anna'), role: 'owner' });
    await settle();
    expect(questions()).toBe(1);
    expect(view.get().room).toMatchObject({ can: { manage: true } });
  });

  test('C41 an answer that events have overtaken still counts; what changes while it is under way is asked again', async () => {
    const { workspace, view, allow, before, tellChanged, questions } = await anna();
    workspace.delay = (name) => (name === 'room.get' ? 500 : 0);
    allow(silenced);
    tellChanged();
    await settle(100);
    workspace.say('lobby', 'u-bob', 'meanwhile');
    await settle(400);
    expect(view.get().room).toMatchObject({ head: workspace.head('lobby'), can: { write: false } });
    tellChanged();
    await settle(100);
    allow(before);
    tellChanged();
    await settle(2000);
    expect(view.get().room?.can.write).toBe(true);
    expect(questions()).toBe(3);
  });

  test('C41 an answer overtaken by the user’s leaving does not bring the room back', async () => {
    const { workspace, client, tellChanged } = await anna();
    workspace.delay = (name) => (name === 'room.get' ? 500 : 0);
    tellChanged();
    await settle(100);
    const stale = workspace.can;
    workspace.leave('lobby', 'u-anna');
    workspace.can = stale;
    await settle(3000);
    expect(client.rooms.get()).toEqual([]);
  });

  test('C41 it is asked again after a temporary failure, and not while there is no connection', async () => {
    const { workspace, client, view, allow, tellChanged, questions } = await anna();
    let isDown = true;
    workspace.refuse = (name) =>
      isDown && name === 'room.get' ? { code: 'rate_limited', message: 'later', retryAfter: 2 } : undefined;
    allow(silenced);
    tellChanged();
    await settle(1000);
    isDown = false;
    expect(view.get().room?.can.write).toBe(true);
    await settle(1500);
    expect(view.get().room?.can.write).toBe(false);
    isDown = true;
    tellChanged();
    await settle();
    const asked = questions();
    workspace.isUp = false;
    workspace.drop();
    await settle(10_000);
    expect(questions()).toBe(asked);
    // The next session brings the answer for every room.
    allow({});
    workspace.isUp = true;
    client.reconnectNow();
    await settle(30_000);
    expect(view.get().room?.can.write).toBe(true);
    expect(questions()).toBe(asked);
  });
});
