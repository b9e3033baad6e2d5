import { pause, until } from '../random.js';
import type { Fault, World } from '../world.js';

/** How long to hold a database until a call is refused, in ms. */
const MET_MS = 20_000;

/** How much longer to hold it, in ms, so that more than one call meets it. */
const HELD_MS = 2000;

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
    const limit = performance.now() + MET_MS;
    try {
      do await send(world);
      while (history.unavailable === refused && performance.now() < limit);
      await pause(HELD_MS);
    } finally {
      held.release();
      history.add({ type: 'fault', kind: 'store-back' });
    }
    const before = world.acknowledged();
    if (await until(() => world.acknowledged() > before, HEAL_MS)) return;
    throw new Error(`nothing was acknowledged for ${HEAL_MS} ms after the store was back: ${subjects[0].output()}`);
  },
});

/** Sends past the network: the clients may all be cut off, or be reconnecting. */
async function send({ keeper, rooms, random }: World): Promise<void> {
  const room = random.pick(rooms);
  const cid = `held-${random.between(0, 2 ** 31)}`;
  const text = 'sent while the database is held';
  await keeper.attempt({ command: 'message.send', room, cid, text }, { room, text, clientId: cid });
}
