import type { Fault } from '../world.ts';
import { clockJump } from './clock.ts';
import { diskFull, ioError, powerLoss, readOnly } from './disk.ts';
import { cut, cutAtBytes, delay, duplicate, halfOpen } from './network.ts';
import { kill, killInCommit, stop } from './process.ts';

/** Every fault that comes at random. The slow client, the fast client and the storm have runs of their own. */
export const allFaults: readonly Fault[] = [
  kill,
  killInCommit,
  stop,
  powerLoss,
  diskFull,
  readOnly,
  ioError,
  cut,
  cutAtBytes,
  halfOpen,
  delay,
  duplicate,
  clockJump,
];
