import { check, pause, readHistory, until, type Verdict, type World } from '@madang/verify';
import { join } from 'node:path';
import type { Backing } from '../nodes/backing.ts';
import { runNodes } from '../nodes/run-nodes.ts';
import { breakServer } from './mutate.ts';
import type { Mutant } from './mutants.ts';
import { TRIAL_MS, type Trial, untilCaught } from './try-mutant.ts';

/** How many messages are sent without a bus. */
const UNHEARD = 20;

/** A mutant that keeps every promise on its own, and breaks one together with others. */
export interface NodeMutant extends Pick<Mutant, 'name' | 'edits' | 'caughtAs' | 'isInShort'> {
  /** What exposes it; nothing if absent. */
  disturb?: (world: World, backing: Backing, isOver: () => boolean) => Promise<void>;
}

/** The mutants that only several nodes expose. */
export const nodeMutants: readonly NodeMutant[] = [
  {
    name: 'delivers events in the order in which the bus brings them',
    isInShort: true,
    edits: [
      {
        file: 'cluster/nodes.js',
        from: 'this.#offer(message.room, events);',
        to: 'delivery.committed(events);',
      },
    ],
    caughtAs: ['disorder', 'gap'],
  },
  {
    name: 'never compares its rooms with the log',
    edits: [
      {
        file: 'cluster/reconciliation.js',
        from: 'async #heads(rooms, when) {',
        to: 'async #heads(rooms, when) { return;',
      },
    ],
    caughtAs: ['gap'],
    disturb: loseTheBus,
  },
  {
    name: 'keeps sending to users who left at another node',
    edits: [
      {
        file: 'cluster/node-message.js',
        from: 'new CommittedEvent(name, body, clientId)',
        to: 'Object.assign(new CommittedEvent(name, body, clientId), { isFromElsewhere: true })',
      },
      {
        file: 'fanout/deliver.js',
        from: 'this.#connections.leave(memberOf(last), room);',
        to: 'if (!last.isFromElsewhere) this.#connections.leave(memberOf(last), room);',
      },
    ],
    caughtAs: ['leaked'],
    disturb: comeAndGo,
  },
];

/** Runs the workload against two nodes broken by a mutant, until it is caught. Resolves to the checker's verdict. */
export async function tryNodeMutant(mutant: NodeMutant, trial: Trial): Promise<Verdict> {
  const { folder, seed } = trial;
  const caught = new AbortController();
  const { history } = await runNodes({
    folder: join(folder, 'run'),
    cli: breakServer(folder, mutant.edits),
    nodes: 2,
    seed,
    durationMs: TRIAL_MS,
    signal: caught.signal,
    clientsPerTransport: 1,
    sdkClients: 0,
    rooms: 3,
    pace: { meanMs: 30, inFlight: 3 },
    quietMs: 2000,
    hold: [0, 0],
    shimLibrary: undefined,
    disturb: (world, { backing }, isOver) =>
      untilCaught(mutant, caught, async () => mutant.disturb?.(world, backing, isOver))(world, isOver),
  });
  return check(readHistory(history));
}

/** A user is let into the private room at one node, removed at another, and then messages are sent without them. */
async function comeAndGo(world: World, _backing: Backing, isOver: () => boolean): Promise<void> {
  const { keeper, rooms, clients, random } = world;
  const room = rooms.at(-1) ?? '';
  for (let number = 0; !isOver(); number += 1) {
    const { user } = random.pick(clients);
    for (const command of ['room.invite', 'room.remove']) await keeper.attempt({ command, room, user }, { room, user });
    const cid = `behind-their-back-${number}`;
    await keeper.attempt({ command: 'message.send', room, cid, text: cid }, { room, text: cid, clientId: cid });
    await pause(50);
  }
}

/** Redis stops while clients talk, and does not come back. */
async function loseTheBus({ acknowledged }: World, { redis }: Backing, isOver: () => boolean): Promise<void> {
  await redis.kill();
  const before = acknowledged();
  await until(() => isOver() && acknowledged() >= before + UNHEARD, 60_000);
}
