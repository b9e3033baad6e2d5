import {
  check,
  kill,
  listViolations,
  pause,
  playSlowClient,
  readHistory,
  type RunOptions,
  SLOW_CLIENT_BYTES,
  Summary,
} from '@madang/verify';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { tempFolder } from '../support/temp-folder.ts';
import { allFaults } from './faults/all.ts';
import { powerLoss } from './faults/disk.ts';
import { killInCommit } from './faults/kill-in-commit.ts';
import { compileShim, type Shim } from './faults/shim.ts';
import { fastClientLine, slowClientLine, stormLine } from './report.ts';
import { builtCli, runBuilt } from './run-built.ts';
import { playFastClient } from './scenes/fast-client.ts';
import { playStorm } from './storm.ts';

/*
 * The short form of the contract's test. `npm run test:contract -- --minutes 10` is the long one. A failure prints its
 * seed: `MADANG_CONTRACT_SEED=… npm test -- tests/contract` repeats the same schedule, as far as a machine can repeat
 * it.
 */

const seed = Number(process.env['MADANG_CONTRACT_SEED'] ?? Math.floor(Math.random() * 2 ** 31));

// The scenes run alongside the faults, which mostly wait. They run one after the other, so that each has the resources
// it needs.
vi.setConfig({ maxConcurrency: 2 });

const folder = tempFolder();
let shimLibrary: string;

beforeAll(() => {
  shimLibrary = compileShim(folder.path);
});
afterAll(() => folder[Symbol.dispose]());

test.concurrent('D1–D8: ten kills and every other fault leave nothing lost, repeated, out of order or leaked', async () => {
  const { history, tally, failure } = await runBuilt({
    folder: `${folder.path}/faults`,
    seed,
    durationMs: 0,
    clientsPerTransport: 1,
    sdkClients: 2,
    rooms: 3,
    pace: { meanMs: 90, inFlight: 4 },
    quietMs: 45_000,
    shimLibrary,
    disturb: everyFaultOnce,
  });
  const verdict = check(readHistory(history));
  const summary = new Summary();
  summary.add(`seed ${seed}`, verdict, tally);
  process.stdout.write(`${[`contract, seed ${seed}`, ...summary.lines()].join('\n')}\n`);
  expect(failure, `seed ${seed}`).toBeUndefined();
  expect(listViolations(verdict.violations), `seed ${seed}`).toEqual([]);
  expect(summary.missing(), `never happened, seed ${seed}`).toEqual([]);
  expect(tally.kills).toBeGreaterThanOrEqual(10);
  expect(verdict.takenBack).toBeGreaterThan(0);
  expect(verdict.messages).toBeGreaterThan(50);
}, 240_000);

test.concurrent('D5: a client that stops reading costs a bounded number of bytes, is told, and catches up', async () => {
  const result = await playSlowClient({ folder: folder.path, seed, cli: builtCli });
  process.stdout.write(`${slowClientLine(result)}\n`);
  expect(listViolations(check(readHistory(result.history)).violations)).toEqual([]);
  expect(result).toMatchObject({ isTold: true, hasCaughtUp: true });
  expect(result.serverBytes).toBeLessThanOrEqual(SLOW_CLIENT_BYTES);
}, 120_000);

test.concurrent('D1, D3: a client that sends as fast as it can is slowed down; everything acknowledged is in the log', async () => {
  const result = await playFastClient({ folder: folder.path, seed, cli: builtCli, durationMs: 1000 });
  process.stdout.write(`${fastClientLine(result)}\n`);
  expect(listViolations(check(readHistory(result.history)).violations)).toEqual([]);
  expect(result.rateLimited).toBeGreaterThan(0);
  expect(result.acknowledged).toBeGreaterThan(0);
}, 60_000);

test.concurrent('D4: clients that all reconnect together after a restart get everything they missed', async () => {
  const result = await playStorm({ folder: folder.path, seed, cli: builtCli, clients: 100 });
  process.stdout.write(`${stormLine(result)}\n`);
  expect(listViolations(check(readHistory(result.history)).violations)).toEqual([]);
  expect(result.haveAllCaughtUp).toBe(true);
}, 120_000);

/** Ten kills, some of them inside a commit, and every other fault in between. */
function everyFaultOnce(shim: Shim): RunOptions['disturb'] {
  const kills = Array.from({ length: 10 }, (_, index) => (index % 3 === 2 ? killInCommit(shim) : kill));
  const others = allFaults(shim).filter(({ kind }) => !kind.startsWith('kill'));
  const moreLosses = [powerLoss(shim), powerLoss(shim)];
  return async (world) => {
    for (const fault of world.random.shuffle([...kills, ...others, ...moreLosses])) {
      await pause(world.random.between(50, 250));
      await fault.run(world);
    }
    // Whether anything is unsynced at the moment of a loss is chance, and hardly ever so on a quick disk.
    for (let more = 0; more < 10 && world.tally.droppedBytes === 0; more += 1) await powerLoss(shim).run(world);
  };
}
