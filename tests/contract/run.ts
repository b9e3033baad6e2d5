// The long form: `npm run test:contract -- --minutes 10 [--seed 1] [--clients 5000] [--keep]`. The minutes are for the
// random faults; the slow client, the fast client, the storm and the mutants come after them, and take a few more. With
// `--nodes 3` it tests that many nodes on PostgreSQL and Redis; their mutants come after the minutes. `npm run
// test:contract -- --mutants [--seed 1]` tries all mutants of both, and nothing else.
import {
  check,
  checkRun,
  createRandom,
  listViolations,
  playSlowClient,
  readHistory,
  Summary,
  type Verdict,
} from '@madang/verify';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { allFaults } from './faults/all.ts';
import { Deck } from './faults/deck.ts';
import { compileShim } from './faults/shim.ts';
import { diskMutants, type Mutant, mutants, slowMutant } from './mutants/mutants.ts';
import { breakServer } from './mutants/mutate.ts';
import { nodeMutants, tryNodeMutant } from './mutants/node-mutants.ts';
import { isCaught, isCaughtInTime, type Trial, tryMutant } from './mutants/try-mutant.ts';
import { playNodes } from './nodes/long-form.ts';
import { fastClientLine, slowClientLine, stormLine } from './report.ts';
import { builtCli, runBuilt } from './run-built.ts';
import { playFastClient } from './scenes/fast-client.ts';
import { playStorm } from './storm.ts';

/** Each round has its own server, database and history, so that a history stays small enough to check. */
const ROUND_MS = 60_000;

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '10' },
    seed: { type: 'string' },
    clients: { type: 'string', default: '5000' },
    nodes: { type: 'string', default: '1' },
    /** Only faults of these kinds, separated by commas; and nothing but the rounds. */
    only: { type: 'string' },
    keep: { type: 'boolean', default: false },
    mutants: { type: 'boolean', default: false },
  },
});
const seed = Number(values.seed ?? Math.floor(Math.random() * 2 ** 31));
const nodes = Number(values.nodes);
const folder = mkdtempSync(join(tmpdir(), 'madang-contract-'));
const shimLibrary = compileShim(folder);
const summary = new Summary();
const failures: string[] = [];

print(`seed ${seed}${values.keep ? `, histories in ${folder}` : ''}`);
try {
  if (!values.mutants) await playFaults();
  if (values.only === undefined) {
    if (nodes === 1) await tryMutants();
    if (nodes > 1 || values.mutants) await tryNodeMutants();
  }
} finally {
  if (!values.keep) rmSync(folder, { recursive: true, force: true });
}
for (const line of [...summary.problems, ...failures]) print(line);
process.exit(summary.isClean() && failures.length === 0 ? 0 : 1);

async function playFaults(): Promise<void> {
  const durationMs = Number(values.minutes) * 60_000;
  const only = values.only?.split(',');
  if (nodes > 1) {
    const { keep } = values;
    const played = await playNodes({
      folder,
      nodes,
      seed,
      durationMs,
      ...(only && { only }),
      keep,
      shimLibrary,
      print,
    });
    for (const line of played.lines) print(line);
    failures.push(...played.failures);
    return;
  }
  await playRounds(durationMs, only);
  if (only === undefined) {
    for (const kind of summary.missing()) failures.push(`a fault never happened, which proves nothing: ${kind}`);
    await playScenes();
  }
  for (const line of summary.lines()) print(line);
}

async function playRounds(durationMs: number, only: readonly string[] | undefined): Promise<void> {
  const end = performance.now() + durationMs;
  const deck = new Deck(createRandom(seed));
  for (let round = 0; performance.now() < end; round += 1) {
    const roundFolder = join(folder, `round-${round}`);
    const { history, tally, failure } = await runBuilt({
      folder: roundFolder,
      seed: seed + round,
      durationMs: Math.min(ROUND_MS, end - performance.now()),
      clientsPerTransport: 2,
      sdkClients: 2,
      rooms: 4,
      pace: { meanMs: 80, inFlight: 4 },
      quietMs: 45_000,
      shimLibrary,
      disturb: (shim) => {
        const faults = allFaults(shim).filter(({ kind }) => only === undefined || only.includes(kind));
        return (world, isOver) => deck.play(faults, world, isOver);
      },
    });
    const verdict = checkRun(history);
    summary.add(`round ${round} (seed ${seed + round})`, verdict, tally);
    if (failure !== undefined) failures.push(`round ${round} (seed ${seed + round}): ${failure}`);
    const { violations, messages } = verdict;
    print(`round ${round}: starts ${tally.starts}, messages ${messages}, violations ${violations.length}`);
    for (const line of listViolations(violations)) print(`  ${line}`);
    if (!values.keep) rmSync(roundFolder, { recursive: true, force: true });
  }
}

async function playScenes(): Promise<void> {
  const slow = await playSlowClient({ folder, seed, cli: builtCli });
  summary.add('slow client', check(readHistory(slow.history)));
  print(slowClientLine(slow));
  if (!slow.isTold || !slow.hasCaughtUp) failures.push('the slow client was not told, or has not caught up');
  const fast = await playFastClient({ folder, seed, cli: builtCli, durationMs: 10_000 });
  summary.add('fast client', check(readHistory(fast.history)));
  print(fastClientLine(fast));
  const storm = await playStorm({ folder, seed, cli: builtCli, clients: Number(values.clients) });
  summary.add('storm', check(readHistory(storm.history)));
  print(stormLine(storm));
  if (!storm.haveAllCaughtUp) failures.push('not all clients of the storm have caught up');
}

async function tryMutants(): Promise<void> {
  const all = [...mutants, ...diskMutants];
  let caught = await countCaught(all, tryMutant);
  const slowFolder = mkdtempSync(join(folder, 'mutant-slow-'));
  const slow = await playSlowClient({ folder: slowFolder, seed, cli: breakServer(slowFolder, slowMutant.edits) });
  if (isCaught(slowMutant, check(readHistory(slow.history)))) caught += 1;
  else failures.push(`a mutant was not caught: ${slowMutant.name}`);
  print(`mutants caught: ${caught} of ${all.length + 1}`);
}

async function tryNodeMutants(): Promise<void> {
  print(`mutants caught: ${await countCaught(nodeMutants, tryNodeMutant)} of ${nodeMutants.length}`);
}

async function countCaught<M extends Pick<Mutant, 'name' | 'caughtAs'>>(
  all: readonly M[],
  attempt: (mutant: M, trial: Trial) => Promise<Verdict>,
): Promise<number> {
  let count = 0;
  for (const mutant of all) {
    const tried = await isCaughtInTime(mutant, seed, (trialSeed) =>
      attempt(mutant, { folder: mkdtempSync(join(folder, 'mutant-')), seed: trialSeed, shimLibrary }),
    );
    if (tried.isCaught) count += 1;
    else failures.push(`a mutant was not caught: ${mutant.name}`);
  }
  return count;
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}
