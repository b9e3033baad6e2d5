import { type Fault, pause, startAgain, until, type World } from '@madang/verify';
import { commitPoints, type Shim } from './shim.ts';

/** How long sends may take to be acknowledged again once the disk works, in ms. */
const HEAL_MS = 15_000;

/** How long it may take until a full disk refuses a write, in ms: somebody must send something first. */
const REFUSED_MS = 15_000;

/** How long a refusal may take to arrive, in ms. */
const TOLD_MS = 3000;

/** Power is lost at a random moment: unsynced writes are gone, in part or torn. */
export const powerLoss = (shim: Shim): Fault => ({
  kind: 'power-loss',
  weight: 3,
  run: async (world) => {
    const { random, tally, history } = world;
    const [subject] = world.subjects;
    const before = shim.get('outDropped');
    history.add({ type: 'fault', kind: 'power-loss' });
    const seed = random.between(1, 2 ** 31);
    if (random.chance(0.6)) {
      shim.set('countdown', random.between(1, 8));
      shim.set('pointPower', seed);
      shim.set('point', random.pick([commitPoints.beforeWrite, commitPoints.beforeSync, commitPoints.afterSync]));
      if (!(await subject.ended(1500))) shim.set('powerLoss', seed);
    } else {
      shim.set('powerLoss', seed);
    }
    if (!(await subject.ended(20_000))) throw new Error('the shim did not end the server');
    shim.mend();
    tally.powerLosses += 1;
    tally.droppedBytes += shim.get('outDropped') - before;
    await startAgain(world, subject);
  },
});

/**
 * The disk is full for a while; then there is space again, and the server recovers on its own. A restarted WAL
 * overwrites its own bytes, which only a copy-on-write disk refuses: the disk behaves as one at random, or if nothing
 * else is refused.
 */
export const diskFull = (shim: Shim): Fault => ({
  kind: 'disk-full',
  weight: 2,
  run: async (world) => {
    const { random, tally, history } = world;
    const [subject] = world.subjects;
    history.add({ type: 'fault', kind: 'disk-full' });
    const refusedBefore = shim.get('outRefused');
    const isMet = () => shim.get('outRefused') > refusedBefore;
    const unavailableBefore = history.unavailable;
    shim.set('copies', random.between(0, 1));
    shim.set('space', random.between(0, 100_000));
    if (!(await until(isMet, 1500, 20))) {
      shim.set('copies', 1);
      shim.set('space', 0);
    }
    if (!(await until(isMet, REFUSED_MS, 20)))
      throw new Error(`nothing was refused by a full disk: ${subject.output()}`);
    await until(() => history.unavailable > unavailableBefore, TOLD_MS, 20);
    await pause(random.between(200, 800));
    // Someone may kill a server whose disk is full; nothing may be lost by that either.
    const isKilled = random.chance(0.25);
    if (isKilled) await subject.kill();
    shim.set('space', -1);
    history.add({ type: 'fault', kind: 'disk-has-space' });
    tally.diskFull += 1;
    tally.fullRefusals += history.unavailable - unavailableBefore;
    if (isKilled) {
      tally.kills += 1;
      await startAgain(world, subject);
    }
    await heals(world, 'the disk had space again');
  },
});

/** The database is not writable for a while: its files, or the file system, are read-only. */
export const readOnly = (shim: Shim): Fault => ({
  kind: 'read-only',
  weight: 1,
  run: async (world) => {
    const { random, tally, history } = world;
    const [subject] = world.subjects;
    history.add({ type: 'fault', kind: 'read-only' });
    const refusedBefore = shim.get('outRefused');
    shim.set('readOnly', 1);
    const isMet = await until(() => shim.get('outRefused') > refusedBefore, 3000, 20);
    await pause(random.between(200, 800));
    if (random.chance(0.3)) await refusesToStart(world);
    shim.set('readOnly', 0);
    history.add({ type: 'fault', kind: 'writable' });
    if (isMet) tally.readOnly += 1;
    if (!subject.isUp()) await startAgain(world, subject);
    await heals(world, 'the database was writable again');
  },
});

/** The disk fails writes and syncs for a while. */
export const ioError = (shim: Shim): Fault => ({
  kind: 'io-error',
  weight: 1,
  run: async (world) => {
    const { random, tally, history } = world;
    history.add({ type: 'fault', kind: 'io-error' });
    const refusedBefore = shim.get('outRefused');
    shim.set('ioError', 1);
    const isMet = await until(() => shim.get('outRefused') > refusedBefore, 3000, 20);
    await pause(random.between(50, 500));
    shim.set('ioError', 0);
    history.add({ type: 'fault', kind: 'io-works' });
    if (isMet) tally.ioErrors += 1;
    await heals(world, 'the disk worked again');
  },
});

/** A server that can't write its database says so in plain words and ends, instead of opening it and losing data. */
async function refusesToStart(world: World): Promise<void> {
  const [subject] = world.subjects;
  await subject.kill();
  world.tally.kills += 1;
  const opened = await subject.start().then(
    () => true,
    () => false,
  );
  if (opened) throw new Error('the server opened on a database that it can not write');
}

async function heals(world: World, after: string): Promise<void> {
  const before = world.acknowledged();
  if (await until(() => world.acknowledged() > before, HEAL_MS)) return;
  throw new Error(`nothing was acknowledged for ${HEAL_MS} ms after ${after}: ${world.subjects[0].output()}`);
}
