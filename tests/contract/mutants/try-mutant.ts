import { atRandom, check, readHistory, type Verdict } from '@madang/verify';
import { join } from 'node:path';
import { runBuilt } from '../run-built.ts';
import { breakServer } from './mutate.ts';
import type { Mutant } from './mutants.ts';

/** How a mutant is tried. */
export interface Trial {
  folder: string;
  seed: number;
  shimLibrary: string | undefined;
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
    clientsPerDoor: 1,
    sdkClients: 0,
    rooms: 3,
    pace: { meanMs: 30, inFlight: 3 },
    quietMs: 2000,
    settles: diskFault !== undefined,
    shimLibrary: diskFault ? trial.shimLibrary : undefined,
    disturb: (shim) => {
      const chosen = shim && diskFault ? diskFault(shim) : fault;
      return chosen ? atRandom([chosen], 700) : () => Promise.resolve();
    },
  });
  return check(readHistory(history));
}

/** Whether the checker says what it must say of a mutant. */
export function isCaught(mutant: Pick<Mutant, 'caughtAs'>, verdict: Verdict): boolean {
  return mutant.caughtAs.some((kind) => verdict.counts[kind] > 0);
}
