import { cut, cutAtBytes, delay, duplicate, type Fault, halfOpen, kill, stop } from '@madang/verify';
import { clockJump } from './clock.ts';
import { diskFull, ioError, powerLoss, readOnly } from './disk.ts';
import { killInCommit } from './kill-in-commit.ts';
import { restore } from './restore.ts';
import type { Shim } from './shim.ts';
import { takenAway } from './taken-away.ts';

/** Every fault that occurs at random. The slow client, the fast client and the storm have runs of their own. */
export function allFaults(shim: Shim): readonly Fault[] {
  const anywhere = [kill, stop, cut, cutAtBytes, halfOpen, delay, duplicate, takenAway, restore];
  const below = [killInCommit, powerLoss, diskFull, readOnly, ioError, clockJump];
  return [...anywhere, ...below.map((make) => make(shim))];
}
