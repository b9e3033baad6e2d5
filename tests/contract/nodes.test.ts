import { check, listViolations, readHistory, Summary } from '@madang/verify';
import { afterAll, expect, test } from 'vitest';
import { tempFolder } from '../support/temp-folder.ts';
import { compileShim } from './faults/shim.ts';
import { nodesLines } from './nodes/report.ts';
import { eachOnce, runNodes } from './nodes/run-nodes.ts';

/*
 * The short form on three nodes. `npm run test:contract -- --nodes 3 --minutes 10` is the long one. A failure prints
 * its seed: `MADANG_CONTRACT_SEED=… npm test -- tests/contract/nodes` repeats the same schedule.
 */

const seed = Number(process.env['MADANG_CONTRACT_SEED'] ?? Math.floor(Math.random() * 2 ** 31));

/**
 * The time limit from a fault's end until every node works as before, in ms; so generous that only a hang exceeds it.
 */
const RECOVERY_MS = 20_000;

const folder = tempFolder();
afterAll(() => folder[Symbol.dispose]());

test('D1–D8: on three nodes every fault leaves nothing lost, repeated, out of order or leaked, and the nodes recover', async () => {
  const { history, tally, failure, measured } = await runNodes({
    folder: folder.path,
    seed,
    nodes: 3,
    durationMs: 0,
    clientsPerTransport: 1,
    sdkClients: 2,
    rooms: 3,
    pace: { meanMs: 250, inFlight: 3 },
    quietMs: 45_000,
    hold: [100, 400],
    shimLibrary: compileShim(folder.path),
    // Where nodes are restarted too, restoring takes the longest. The long form does both.
    disturb: (world, { faults }) =>
      eachOnce(
        world,
        faults.filter(({ kind }) => !kind.endsWith('restored to restarted nodes')),
      ),
  });
  const verdict = check(readHistory(history));
  const summary = new Summary();
  summary.add(`seed ${seed}`, verdict, tally);
  process.stdout.write(`${[`contract on 3 nodes, seed ${seed}`, ...nodesLines(summary, measured)].join('\n')}\n`);
  expect(failure, `seed ${seed}`).toBeUndefined();
  expect(listViolations(verdict.violations), `seed ${seed}`).toEqual([]);
  expect(measured.length).toBeGreaterThan(20);
  for (const { kind, fromEnd } of measured) {
    expect(Math.max(fromEnd.sends, fromEnd.shows), `${kind}, seed ${seed}`).toBeLessThan(RECOVERY_MS);
  }
  expect(verdict.messages).toBeGreaterThan(50);
  expect(tally.restores).toBe(2);
}, 300_000);
