import type { Client, Message, MessageList } from '@madang/client';
import { describe, expect, test } from 'vitest';
import * as fc from 'fast-check';
import type { Fault } from './model-workspace.js';
import { fakeTime, heard, newWorkspace, online, settle, watch } from './support.js';

const refusable = ['log.read', 'sync', 'message.list', 'message.send', 'message.react', 'session.get'] as const;

/** One step; a run is a list of steps. */
const step = fc.oneof(
  { weight: 6, arbitrary: fc.record({ do: fc.constant('theirs' as const), fault: fault() }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('mine' as const), fault: fault(), isAckLost: fc.boolean() }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('edit' as const), fault: fault(), pick: fc.nat(120) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('delete' as const), fault: fault(), pick: fc.nat(120) }) },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant('react' as const), fault: fault(), pick: fc.nat(120), by: fc.nat(2) }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('pin' as const), fault: fault(), pick: fc.nat(120) }) },
  {
    weight: 3,
    arbitrary: fc.record({ do: fc.constant('late' as const), order: fc.array(fc.nat(9), { maxLength: 5 }) }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('wait' as const), ms: fc.nat(15_000) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('drop' as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('down' as const), missed: fc.nat(30) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('open' as const), at: fc.option(fc.nat(120), { freq: 3 }) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('close' as const), pick: fc.nat(9) }) },
  {
    weight: 4,
    arbitrary: fc.record({ do: fc.constant('page' as const), pick: fc.nat(9), isNewer: fc.boolean() }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('wish' as const),
      fault: fault(),
      pick: fc.nat(120),
      isAdded: fc.boolean(),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('cut' as const), kept: fc.nat(150) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('behind' as const) }) },
  {
    weight: 3,
    arbitrary: fc.record({ do: fc.constant('slow' as const), name: fc.constantFrom(...refusable), ms: fc.nat(3000) }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('refusing' as const), name: fc.constantFrom(...refusable) }) },
);

function fault() {
  return fc.constantFrom<Fault[]>('deliver', 'deliver', 'lose', 'twice', 'later');
}

type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

async function run(steps: readonly Step[], firstPageMs: number, farAt: number | null): Promise<void> {
  const { workspace, join } = newWorkspace();
  workspace.addUser('bob');
  for (let i = 0; i < 70; i += 1) workspace.say('lobby', 'u-bob', `old ${i}`);
  const { client } = join('anna');
  const texts = heard(client);
  const seqs: number[] = [];
  const names = ['edited', 'deleted', 'reacted', 'pinned', 'unpinned', 'created'] as const;
  for (const name of names.map((each) => `message.${each}` as const)) {
    client.on(name, ({ seq }) => seqs.push(seq));
  }
  await online(client);
  const firstSeq = workspace.head('lobby');
  let mine = 0;
  const delays = new Map<string, number>([['message.list', firstPageMs]]);
  workspace.delay = (name) => delays.get(name) ?? 0;
  let refusing: string | undefined;
  workspace.refuse = (name) => (name === refusing ? { code: 'unavailable', message: 'not now' } : undefined);
  const kept = () => {
    const logStart = workspace.logStarts.get('lobby') ?? 0;
    return workspace.messages('lobby').filter(({ seq }) => seq > logStart);
  };
  const picked = (pick: number) => {
    const messages = kept();
    return messages.at(-1 - (pick % messages.length))!;
  };

  await watch(client);
  const lists: OpenList[] = [{ list: client.room('lobby').messages, stop: () => {} }];
  const listAt = (pick: number) => lists[pick % lists.length]!.list;

  for (const [index, each] of steps.entries()) {
    if (index === farAt) {
      workspace.drop();
      for (let i = 0; i < 1010; i += 1) workspace.say('lobby', 'u-bob', `missed ${workspace.head('lobby')}`);
    }
    if ('fault' in each) workspace.fault = () => each.fault;
    switch (each.do) {
      case 'theirs':
        workspace.say('lobby', 'u-bob', `theirs ${workspace.head('lobby')}`);
        break;
      case 'mine':
        workspace.loseAck = () => each.isAckLost;
        client.send('lobby', `mine ${mine}`);
        mine += 1;
        break;
      case 'edit':
        workspace.append('lobby', 'u-bob', { type: 'message.edited', messageId: picked(each.pick).id, text: 'edited' });
        break;
      case 'delete':
        workspace.remove('u-bob', picked(each.pick).id);
        break;
      case 'react': {
        const message = picked(each.pick);
        // The server refuses it.
        if (message.deletedAt !== undefined) break;
        const by = ['u-bob', 'u-anna', 'u-root'][each.by]!;
        const has = message.reactions?.find(({ emoji }) => emoji === '👍')?.users.some(({ id }) => id === by);
        workspace.append('lobby', by, {
          type: 'message.reacted',
          messageId: message.id,
          emoji: '👍',
          action: has ? 'removed' : 'added',
        });
        break;
      }
      case 'pin': {
        const message = picked(each.pick);
        if (message.deletedAt !== undefined) break;
        const type = message.pinned ? 'message.unpinned' : 'message.pinned';
        workspace.append('lobby', 'u-bob', { type, messageId: message.id });
        break;
      }
      case 'late':
        workspace.deliverLate(() => each.order.shift() ?? 0);
        break;
      case 'wait':
        await settle(each.ms);
        break;
      case 'drop':
        workspace.drop();
        break;
      case 'down':
        workspace.isUp = false;
        workspace.drop();
        for (let i = 0; i < each.missed; i += 1) workspace.say('lobby', 'u-bob', `missed ${workspace.head('lobby')}`);
        await settle(3000);
        workspace.isUp = true;
        break;
      case 'open':
        lists.push(openList(client, each.at === null ? 'unread' : { around: picked(each.at).seq }));
        break;
      case 'close':
        if (lists.length > 1) lists.splice(1 + (each.pick % (lists.length - 1)), 1)[0]!.stop();
        break;
      case 'page':
        (each.isNewer ? listAt(each.pick).loadNewer() : listAt(each.pick).loadOlder()).catch(() => {});
        break;
      case 'wish':
        client
          .room('lobby')
          .react(picked(each.pick).id, '🙏', each.isAdded)
          .catch(() => {});
        break;
      case 'cut':
        workspace.logStarts.set('lobby', kept().at(-2 - each.kept)?.seq ?? workspace.logStarts.get('lobby') ?? 0);
        break;
      case 'behind':
        for (const connection of workspace.connections()) {
          connection.deliver('room.behind', { room: 'lobby', head: workspace.head('lobby') });
        }
        break;
      case 'slow':
        delays.set(each.name, each.ms);
        break;
      case 'refusing':
        refusing = each.name;
        await settle(2000);
        refusing = undefined;
        break;
      default:
    }
    await settle();
  }

  workspace.fault = () => 'deliver';
  workspace.loseAck = () => false;
  delays.clear();
  workspace.deliverLate();
  // Enough time for every timeout and back-off. Then one more event, since a client notices the loss of the last one
  // only when another arrives.
  await settle(60_000);
  workspace.say('lobby', 'u-bob', 'last');
  await settle(60_000);

  const right = workspace.messages('lobby');
  const { messages, room } = client.room('lobby').get();
  for (const { list } of lists) expectPartOf(right, list);
  expect(client.room('lobby').messages.get().hasNewer).toBe(false);
  expect(messages.length).toBeGreaterThanOrEqual(Math.min(50, kept().length));
  expect(room?.head).toBe(workspace.head('lobby'));
  expect(new Set(right.map(({ clientId }) => clientId).filter(Boolean)).size).toBe(mine);
  expect(right.filter(({ author }) => author.id === 'u-anna')).toHaveLength(mine);
  // Some of what was missed may have been cut.
  if (steps.some((each) => each.do === 'cut')) return client.close();
  expect(texts.filter((text) => text.startsWith('mine'))).toEqual(Array.from({ length: mine }, (_, i) => `mine ${i}`));
  expect(seqs).toEqual(Array.from({ length: workspace.head('lobby') - firstSeq }, (_, i) => firstSeq + i + 1));
  await client.close();
}

interface OpenList {
  list: MessageList;
  stop: () => void;
}

function openList(client: Client, place: 'unread' | { around: number }): OpenList {
  const list = client.room('lobby').list(place);
  return { list, stop: list.subscribe(() => {}) };
}

/** A list shows a part of the log without a gap, as the server has it, and knows where it ends. */
function expectPartOf(right: readonly Message[], list: MessageList): void {
  const { status, messages, hasNewer } = list.get();
  expect(status).toBe('ready');
  const from = right.findIndex(({ seq }) => seq === messages[0]?.seq);
  if (messages.length > 0) expect(from).not.toBe(-1);
  expect(messages.map(comparable)).toEqual(right.slice(from, from + messages.length).map(comparable));
  if (!hasNewer) expect(messages.at(-1)?.seq).toBe(right.at(-1)?.seq);
}

/** The fields of a message that are compared. The server sends `reacted` in pages, the SDK works it out. */
function comparable({ id, text, editedAt, deletedAt, reactions = [] }: Message) {
  const shown = reactions
    .map(({ emoji, count, users, reacted }) => ({
      emoji,
      count,
      users: users.map((user) => user.id).sort(),
      reacted: reacted ?? users.some((user) => user.id === 'u-anna'),
    }))
    .sort((a, b) => (a.emoji < b.emoji ? -1 : 1));
  return { id, text, editedAt, deletedAt, reactions: shown };
}

describe('any interleaving', () => {
  test('D2 D3 D4 any sequence of losses, repeats, reorderings, breaks and refusals ends in the right view, each event received once', async () => {
    fakeTime();
    const runs = Number(process.env['MADANG_RUNS'] ?? 60);
    // fast-check prints the seed and the shortest failing list of steps.
    await fc.assert(
      fc.asyncProperty(
        fc.array(step, { maxLength: 40, size: 'max' }),
        fc.nat(2000),
        fc.option(fc.nat(20), { freq: 4 }),
        (steps, firstPageMs, farAt) => run(structuredClone(steps), firstPageMs, farAt),
      ),
      { numRuns: runs, ...(process.env['MADANG_SEED'] && { seed: Number(process.env['MADANG_SEED']) }) },
    );
  }, 120_000);
});
