import { pause, until } from '../random.js';
import type { Fault } from '../world.js';

/** Longer than a commit waits for a database that another program holds, in ms. */
const HELD_MS = 5000;

/** How much longer to hold it while no call has met it, in ms: clients that were cut off may still be reconnecting. */
const MET_MS = 20_000;

/** How long sends may take to be acknowledged again, in ms. */
const HEAL_MS = 15_000;

/** Holds a folder's database until released, so that nobody else can commit. */
export type HoldStore = (folder: string) => { release(): void };

/** The store can't commit for a while, then it can again, and the server continues on its own. */
export const storeGone = (hold: HoldStore): Fault => ({
  kind: 'store-gone',
  weight: 1,
  run: async (world) => {
    const { subjects, history } = world;
    const held = hold(subjects[0].data);
    history.add({ type: 'fault', kind: 'store-gone' });
    const refused = history.unavailable;
    try {
      await pause(HELD_MS);
      await until(() => history.unavailable > refused, MET_MS);
    } finally {
      held.release();
      history.add({ type: 'fault', kind: 'store-back' });
    }
    const before = world.acknowledged();
    if (await until(() => world.acknowledged() > before, HEAL_MS)) return;
    throw new Error(`nothing was acknowledged for ${HEAL_MS} ms after the store was back: ${subjects[0].output()}`);
  },
});
