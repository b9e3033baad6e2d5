import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { check } from './checker.ts';
import { allFaults } from './faults/all.ts';
import { compileShim } from './faults/shim.ts';
import { readHistory } from './history.ts';
import { atRandom, run } from './workload.ts';

const { values } = parseArgs({ options: { minutes: { type: 'string' }, seed: { type: 'string' }, keep: { type: 'boolean' }, only: {type:'string'} } });
const seed = Number(values.seed ?? Math.floor(Math.random() * 2 ** 31));
const folder = mkdtempSync(join(tmpdir(), 'madang-contract-'));
process.stdout.write(`seed ${seed} ${folder}\n`);
const result = await run({
  folder: join(folder, 'run'), seed, durationMs: Number(values.minutes ?? 0.5) * 60_000, clientsPerDoor: 2, rooms: 4,
  pace: { meanMs: 100, inFlight: 4 }, quietMs: 30_000, shimLibrary: compileShim(folder),
  disturb: atRandom(values.only ? allFaults.filter((f) => values.only!.split(',').includes(f.kind)) : allFaults, 500),
});
const verdict = check(readHistory(result.history));
const { violations, ...rest } = verdict;
console.log(result.failure, result.tally, rest);
for (const each of violations.slice(0, 40)) console.log(each.kind, each.words);
if (!values.keep) rmSync(folder, { recursive: true, force: true });
