import { type Fault, pause } from '@madang/verify';
import type { Shim } from './shim.ts';

const HOUR_MS = 3600_000;

/** The machine's clock jumps, forward or back, by a moment or by days, and stays there or comes back. */
export const clockJump = (shim: Shim): Fault => ({
  kind: 'clock',
  weight: 1,
  run: async ({ random, history, tally }) => {
    const ms = random.pick([-1, 1]) * random.pick([10_000, HOUR_MS, 30 * 24 * HOUR_MS]);
    history.add({ type: 'fault', kind: 'clock', detail: String(ms) });
    shim.set('clockMs', ms);
    tally.clockJumps += 1;
    await pause(random.between(200, 1000));
    if (random.chance(0.7)) shim.set('clockMs', 0);
  },
});
