import { type Fault, startAgain } from '@madang/verify';
import { commitPoints, type Shim } from './shim.ts';

/** How long to wait for the planted end, in ms, before the server is killed anyway. */
const POINT_MS = 3000;

/** `kill -9` inside a commit: before a write to the WAL, before its sync, or after it and before the ack. */
export const killInCommit = (shim: Shim): Fault => ({
  kind: 'kill-in-commit',
  weight: 3,
  run: async (world) => {
    const { random, tally, history } = world;
    const [subject] = world.subjects;
    const point = random.pick(Object.keys(commitPoints) as (keyof typeof commitPoints)[]);
    history.add({ type: 'fault', kind: 'kill-in-commit', detail: point });
    shim.set('countdown', random.between(1, 12));
    shim.set('pointPower', 0);
    shim.set('point', commitPoints[point]);
    const isInCommit = await subject.ended(POINT_MS);
    if (!isInCommit) await subject.kill();
    shim.mend();
    tally.kills += 1;
    if (isInCommit) tally.commitKills += 1;
    await startAgain(world, subject);
  },
});
