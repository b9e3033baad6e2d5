import { cut, cutAtBytes, delay, duplicate, type Fault, halfOpen, kill, stop } from '@madang/verify';
import { clockJump } from './clock.ts';
import { diskFull, ioError, powerLoss, readOnly } from './disk.ts';
import { killInCommit } from './kill-in-commit.ts';
import type { Shim } from './shim.ts';

/**
 * Every fault that comes at random; those of the disk and the clock need the shim. The slow client, the fast client and
 * the storm have runs of their own.
 */
export function allFaults(shim: Shim | undefined): readonly Fault[] {
  const anywhere = [kill, stop, cut, cutAtBytes, halfOpen, delay, duplicate];
  if (!shim) return anywhere;
  const below = [killInCommit, powerLoss, diskFull, readOnly, ioError, clockJump];
  return [...anywhere, ...below.map((make) => make(shim))];
}
