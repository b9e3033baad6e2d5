import type { Message } from '@madang/client';
import { describe, expect, test } from 'vitest';
import * as fc from 'fast-check';
import type { Fault } from './model-workspace.js';
import { fakeTime, heard, newWorkspace, online, settle, watch } from './support.js';

const refusable = ['log.read', 'sync', 'message.list', 'message.send', 'session.get'] as const;

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
  { weight: 1, arbitrary: fc.record({ do: fc.constant('older' as const) }) },
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
  const picked = (pick: number) => {
    const messages = workspace.messages('lobby');
    return messages.at(-1 - (pick % messages.length))!.id;
  };

  await watch(client);

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
        workspace.append('lobby', 'u-bob', { type: 'message.edited', messageId: picked(each.pick), text: 'edited' });
        break;
      case 'delete':
        workspace.remove('u-bob', picked(each.pick));
        break;
      case 'react': {
        const message = workspace.messages('lobby').find(({ id }) => id === picked(each.pick))!;
        // The server refuses it.
        if (message.deletedAt !== undefined) break;
        const by = ['u-bob', 'u-anna', 'u-root'][each.by]!;
        const has = message.reactions?.[0]?.users.some(({ id }) => id === by);
        workspace.append('lobby', by, {
          type: 'message.reacted',
          messageId: message.id,
          emoji: '👍',
          action: has ? 'removed' : 'added',
        });
        break;
      }
      case 'pin': {
        const message = workspace.messages('lobby').find(({ id }) => id === picked(each.pick))!;
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
      case 'older':
        client
          .room('lobby')
          .loadOlder()
          .catch(() => {});
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
  expect(messages.map(comparable)).toEqual(right.slice(-messages.length).map(comparable));
  expect(messages.length).toBeGreaterThanOrEqual(50);
  expect(room?.head).toBe(workspace.head('lobby'));
  expect(new Set(right.map(({ clientId }) => clientId).filter(Boolean)).size).toBe(mine);
  expect(right.filter(({ author }) => author.id === 'u-anna')).toHaveLength(mine);
  expect(texts.filter((text) => text.startsWith('mine'))).toEqual(Array.from({ length: mine }, (_, i) => `mine ${i}`));
  expect(seqs).toEqual(Array.from({ length: workspace.head('lobby') - firstSeq }, (_, i) => firstSeq + i + 1));
  await client.close();
}

/**
 * The fields of a message that are compared. `reacted` is left out: the server sends it in pages, the SDK works it out.
 */
function comparable({ id, text, editedAt, deletedAt, reactions = [] }: Message) {
  const shown = reactions.map(({ emoji, count, users }) => ({
    emoji,
    count,
    users: users.map((user) => user.id).sort(),
  }));
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
