import { pause } from '../random.js';
import { type Fault, startAgain } from '../world.js';

/** `kill -9` at any moment, of the server or of one of its nodes. */
export const kill: Fault = {
  kind: 'kill',
  weight: 6,
  run: async (world) => {
    world.history.add({ type: 'fault', kind: 'kill' });
    const subject = world.random.pick(world.subjects);
    await subject.kill();
    world.tally.kills += 1;
    await pause(world.random.between(0, 150));
    await startAgain(world, subject);
  },
};

/** An orderly stop: the process must end on its own, and lose nothing either. */
export const stop: Fault = {
  kind: 'stop',
  weight: 1,
  run: async (world) => {
    world.history.add({ type: 'fault', kind: 'stop' });
    const subject = world.random.pick(world.subjects);
    const code = await subject.stop();
    if (code !== 0) throw new Error(`SIGTERM ended the server with ${code}: ${subject.output()}`);
    await startAgain(world, subject);
  },
};
