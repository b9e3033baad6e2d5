import { pause } from '../random.ts';
import { type Fault, startAgain } from '../world.ts';
import { commitPoints } from './shim.ts';

/** How long a planted end is waited for, in ms, before the server is killed anyway. */
const POINT_MS = 3000;

/** `kill -9` at any moment. */
export const kill: Fault = {
  kind: 'kill',
  weight: 6,
  needsShim: false,
  run: async (world) => {
    world.history.add({ type: 'fault', kind: 'kill' });
    await world.subject.kill();
    world.tally.kills += 1;
    await pause(world.random.between(0, 150));
    await startAgain(world);
  },
};

/** `kill -9` inside a commit: before a write to the WAL, before its sync, or after it and before the ack. */
export const killInCommit: Fault = {
  kind: 'kill-in-commit',
  weight: 3,
  needsShim: true,
  run: async (world) => {
    const { subject, random, tally, history } = world;
    const point = random.pick(Object.keys(commitPoints) as (keyof typeof commitPoints)[]);
    history.add({ type: 'fault', kind: 'kill-in-commit', detail: point });
    subject.shim?.set('countdown', random.between(1, 12));
    subject.shim?.set('pointPower', 0);
    subject.shim?.set('point', commitPoints[point]);
    if (!(await subject.ended(POINT_MS))) await subject.kill();
    subject.shim?.mend();
    tally.kills += 1;
    tally.commitKills += 1;
    await startAgain(world);
  },
};

/** An orderly stop: it must end by itself, and lose nothing either. */
export const stop: Fault = {
  kind: 'stop',
  weight: 1,
  needsShim: false,
  run: async (world) => {
    world.history.add({ type: 'fault', kind: 'stop' });
    const code = await world.subject.stop();
    if (code !== 0) throw new Error(`SIGTERM ended the server with ${code}: ${world.subject.output()}`);
    await startAgain(world);
  },
};
