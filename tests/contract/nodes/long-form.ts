import { checkRun, createRandom, listViolations, Summary } from '@madang/verify';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { Deck } from '../faults/deck.ts';
import type { Measured } from './recovery.ts';
import { nodesLines } from './report.ts';
import { runNodes } from './run-nodes.ts';

/** Each round has its own servers, database and history, so that a history stays small enough to check. */
const ROUND_MS = 60_000;

/** Options of the long form on several nodes. */
export interface LongFormOptions {
  folder: string;
  nodes: number;
  seed: number;
  durationMs: number;
  /** Only faults of these kinds; all if absent. */
  only?: readonly string[];
  keep: boolean;
  shimLibrary: string;
  print: (line: string) => void;
}

/**
 * Runs rounds of random faults on several nodes until the time is over. Resolves to the lines to print, and the
 * failures.
 */
export async function playNodes(options: LongFormOptions): Promise<{ lines: string[]; failures: string[] }> {
  const { folder, nodes, durationMs, only, shimLibrary, print } = options;
  const summary = new Summary();
  const kinds = new Set<string>();
  const deck = new Deck(createRandom(options.seed));
  const measured: Measured[] = [];
  const failures: string[] = [];
  let leftMs = durationMs;
  for (let round = 0; leftMs > 0; round += 1) {
    // Starting and checking a round don't count as the faults' time, or the last one would have little left.
    const roundMs = Math.min(ROUND_MS, leftMs);
    leftMs -= roundMs;
    const roundFolder = join(folder, `round-${round}`);
    const seed = options.seed + round;
    const result = await runNodes({
      folder: roundFolder,
      seed,
      nodes,
      durationMs: roundMs,
      clientsPerTransport: 2,
      sdkClients: 2,
      rooms: 4,
      pace: { meanMs: 150, inFlight: 4 },
      quietMs: 45_000,
      hold: [100, 6000],
      shimLibrary,
      disturb: (world, { faults }, isOver) => {
        const chosen = only === undefined ? faults : faults.filter(({ kind }) => only.includes(kind));
        for (const { kind } of chosen) kinds.add(kind);
        return deck.play(chosen, world, isOver);
      },
    });
    const verdict = checkRun(result.history);
    summary.add(`round ${round} (seed ${seed})`, verdict, result.tally);
    measured.push(...result.measured);
    if (result.failure !== undefined) failures.push(`round ${round} (seed ${seed}): ${result.failure}`);
    const { violations, messages } = verdict;
    const played = `${roundMs / 1000} s${result.failure === undefined ? '' : ', ended by a failure'}`;
    print(
      `round ${round} (${played}): faults ${result.measured.length}, messages ${messages}, violations ${violations.length}`,
    );
    for (const line of [...(result.failure === undefined ? [] : [result.failure]), ...listViolations(violations)])
      print(`  ${line}`);
    if (!options.keep) rmSync(roundFolder, { recursive: true, force: true });
  }
  for (const kind of kinds) {
    if (!measured.some((each) => each.kind === kind))
      failures.push(`a fault never happened, which proves nothing: ${kind}`);
  }
  return { lines: nodesLines(summary, measured), failures: [...summary.problems, ...failures] };
}
