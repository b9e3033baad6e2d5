import { type Fault, startAgain, type Subject, type World } from '@madang/verify';
import { clockJump } from '../../faults/clock.ts';
import type { Backing } from '../backing.ts';
import { episode, type Hold } from './episode.ts';

/** Faults of nodes other than one node's kill and stop. */
export function nodeFaults(backing: Backing, hold: Hold): Fault[] {
  const shims = backing.ways.flatMap(({ shim }) => shim ?? []);
  return [
    episode({ kind: 'all nodes killed', begin: killAll, end: startAll }, hold),
    episode({ kind: 'node frozen', begin: freezeOne, end: thawAll }, hold),
    ...(shims.length > 0 ? [clockOfOne(shims)] : []),
  ];
}

async function killAll({ subjects, tally }: World): Promise<void> {
  await Promise.all(subjects.map((subject) => subject.kill()));
  tally.kills += subjects.length;
}

/** Starts all nodes. */
export async function startAll(world: World): Promise<void> {
  await Promise.all(world.subjects.map((subject) => startAgain(world, subject)));
}

/** The node does nothing for a while, and then continues as if no time had passed. */
function freezeOne({ subjects, random }: World): void {
  signal(random.pick(subjects), 'SIGSTOP');
}

function thawAll({ subjects }: World): void {
  for (const subject of subjects) signal(subject, 'SIGCONT');
}

function signal(subject: Subject, name: NodeJS.Signals): void {
  if (subject.isUp()) process.kill(subject.pid(), name);
}

function clockOfOne(shims: readonly Parameters<typeof clockJump>[0][]): Fault {
  return {
    kind: 'clock',
    weight: 1,
    run: (world) => clockJump(world.random.pick(shims)).run(world),
  };
}
