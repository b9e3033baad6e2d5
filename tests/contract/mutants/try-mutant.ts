import { atRandom, check, listViolations, readHistory, type Verdict } from '@madang/verify';
import { join } from 'node:path';
import { runBuilt } from '../run-built.ts';
import { breakServer } from './mutate.ts';
import type { Mutant } from './mutants.ts';

/** What only chance brings to light may need another try. */
const TRIES = 3;

/** How a mutant is tried. */
export interface Trial {
  folder: string;
  seed: number;
  shimLibrary: string;
  durationMs?: number;
}

/** Runs the workload for a few seconds against a server that a mutant has broken; answers what the checker says. */
export async function tryMutant(mutant: Mutant, trial: Trial): Promise<Verdict> {
  const { folder, seed, durationMs = 4000 } = trial;
  const { diskFault, fault } = mutant;
  const cli = breakServer(folder, mutant.edits);
  const { history } = await runBuilt({
    folder: join(folder, 'run'),
    seed,
    cli,
    durationMs,
    clientsPerTransport: 1,
    sdkClients: 0,
    rooms: 3,
    pace: { meanMs: 30, inFlight: 3 },
    quietMs: 2000,
    settles: diskFault !== undefined,
    shimLibrary: trial.shimLibrary,
    disturb: (shim) => {
      const chosen = diskFault ? diskFault(shim) : fault;
      return chosen ? atRandom([chosen], 700) : () => Promise.resolve();
    },
  });
  return check(readHistory(history));
}

/** Tries a mutant, with another seed each time, until it is caught; answers what the checker said where it was not. */
export async function isCaughtInTime(
  mutant: Pick<Mutant, 'caughtAs'>,
  seed: number,
  attempt: (seed: number) => Promise<Verdict>,
): Promise<{ isCaught: boolean; said: string[] }> {
  const said: string[] = [];
  for (let tries = 0; tries < TRIES; tries += 1) {
    const verdict = await attempt(seed + tries);
    if (isCaught(mutant, verdict)) return { isCaught: true, said };
    said.push(JSON.stringify(verdict.counts), ...listViolations(verdict.violations));
  }
  return { isCaught: false, said };
}

/** Whether the checker says what it must say of a mutant. */
export function isCaught(mutant: Pick<Mutant, 'caughtAs'>, verdict: Verdict): boolean {
  return mutant.caughtAs.some((kind) => verdict.counts[kind] > 0);
}
