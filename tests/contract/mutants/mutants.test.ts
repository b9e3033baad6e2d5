import { check, playSlowClient, readHistory, type Verdict } from '@madang/verify';
import { mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { tempFolder } from '../../support/temp-folder.ts';
import { compileShim } from '../faults/shim.ts';
import { diskMutants, type Mutant, mutants, slowMutant } from './mutants.ts';
import { breakServer } from './mutate.ts';
import { nodeMutants, tryNodeMutant } from './node-mutants.ts';
import { isCaughtInTime, type Trial, tryMutant } from './try-mutant.ts';

/* The checker is no proof before it has caught servers that are broken on purpose. */

const seed = 20;

const folder = tempFolder();
const shimLibrary = compileShim(folder.path);
afterAll(() => folder[Symbol.dispose]());

test.each([...mutants, ...diskMutants].map((mutant) => [mutant.name, mutant] as const))(
  'the checker catches a server that %s',
  async (_name, mutant) => {
    await expectCaught(mutant, (trial) => tryMutant(mutant, trial));
  },
  120_000,
);

test.each(nodeMutants.map((mutant) => [mutant.name, mutant] as const))(
  'the checker catches a node that %s',
  async (_name, mutant) => {
    await expectCaught(mutant, (trial) => tryNodeMutant(mutant, trial));
  },
  240_000,
);

test(`the checker catches a server that ${slowMutant.name}`, async () => {
  const own = mkdtempSync(join(folder.path, 'mutant-'));
  const result = await playSlowClient({ folder: own, seed, cli: breakServer(own, slowMutant.edits) });
  const { counts } = check(readHistory(result.history));
  expect(counts.gap).toBeGreaterThan(0);
  expect(result.isTold).toBe(false);
}, 120_000);

test('a mutant that does not fit the program any more is an error', () => {
  const own = mkdtempSync(join(folder.path, 'mutant-'));
  const edits = [{ file: 'cli.js', from: 'no such words', to: '' }];
  expect(() => breakServer(own, edits)).toThrow('does not fit');
});

async function expectCaught(
  mutant: Pick<Mutant, 'caughtAs'>,
  attempt: (trial: Trial) => Promise<Verdict>,
): Promise<void> {
  const { isCaught, said } = await isCaughtInTime(mutant, seed, (trialSeed) => {
    const own = mkdtempSync(join(folder.path, 'mutant-'));
    return attempt({ folder: own, seed: trialSeed, shimLibrary, durationMs: 2500 });
  });
  expect(isCaught, `not caught as ${mutant.caughtAs.join(' or ')}: ${said.join('; ')}`).toBe(true);
}
