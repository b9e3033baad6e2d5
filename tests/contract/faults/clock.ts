import { type Fault, pause, type World } from '@madang/verify';
import type { Shim } from './shim.ts';

const HOUR_MS = 3600_000;

/** How far a log's times may be ahead of the clock (docs/delivery.md), plus allowance for a slow machine, in ms. */
const LEAD_MS = 70_000;

/** How long the next event may take, in ms. */
const NEXT_MS = 15_000;

/** The machine's clock jumps forward or back, by a moment, by hours or by years, and stays there or returns. */
export const clockJump = (shim: Shim): Fault => ({
  kind: 'clock',
  weight: 1,
  run: async (world) => {
    const { random, history, tally } = world;
    const ms = random.pick([-1, 1]) * random.pick([10_000, 9 * HOUR_MS, 30 * 24 * HOUR_MS, 3650 * 24 * HOUR_MS]);
    history.add({ type: 'fault', kind: 'clock', detail: String(ms) });
    shim.set('clockMs', ms);
    tally.clockJumps += 1;
    await pause(random.between(200, 1000));
    if (random.chance(0.7)) {
      shim.set('clockMs', 0);
      await isOfNow(world);
    }
  },
});

/** Once the clock is right, the next message bears the current time. */
async function isOfNow({ keeper, rooms, subjects }: World): Promise<void> {
  const [room = ''] = rooms;
  let at = Number.POSITIVE_INFINITY;
  const isRight = async () => {
    at = (await keeper.readLog(room)).at(-1)?.at ?? at;
    return Math.abs(at - Date.now()) < LEAD_MS;
  };
  const end = performance.now() + NEXT_MS;
  while (!(await isRight())) {
    if (performance.now() > end) throw new Error(`the log's time stayed at ${at}: ${subjects[0].output()}`);
    await pause(200);
  }
}
