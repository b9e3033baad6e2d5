import { check, playSlowClient, readHistory, type Verdict } from '@madang/verify';
import { mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, test, vi } from 'vitest';
import { tempFolder } from '../../support/temp-folder.ts';
import { compileShim } from '../faults/shim.ts';
import { diskMutants, type Mutant, mutants, slowMutant } from './mutants.ts';
import { breakServer, brokenFiles } from './mutate.ts';
import { nodeMutants, tryNodeMutant } from './node-mutants.ts';
import { isCaughtInTime, type Trial, tryMutant } from './try-mutant.ts';

/*
 * The checker proves nothing until it has caught servers that are broken on purpose. Here it catches one for each kind
 * of violation; `npm run test:contract -- --mutants` tries them all.
 */

const seed = 20;

/** More than the kernel and the server together accept for a client that doesn't read. */
const ENOUGH_BYTES = 12 * 1024 * 1024;

// They wait more than they compute.
vi.setConfig({ maxConcurrency: 2 });

const folder = tempFolder();
const shimLibrary = compileShim(folder.path);
const all = [...mutants, ...diskMutants, ...nodeMutants];
afterAll(() => folder[Symbol.dispose]());

// First, because it waits longest for what never comes.
test.concurrent(`the checker catches a server that ${slowMutant.name}`, async () => {
  const own = mkdtempSync(join(folder.path, 'mutant-'));
  const result = await playSlowClient({
    folder: own,
    seed,
    cli: breakServer(own, slowMutant.edits),
    patienceMs: 4000,
    sentBytes: ENOUGH_BYTES,
  });
  const { counts } = check(readHistory(result.history));
  expect(counts.gap).toBeGreaterThan(0);
  expect(result.isTold).toBe(false);
}, 120_000);

test.concurrent.each(inShort(nodeMutants))(
  'the checker catches a node that %s',
  async (_name, mutant) => {
    await expectCaught(mutant, (trial) => tryNodeMutant(mutant, trial));
  },
  240_000,
);

test.concurrent.each(inShort([...mutants, ...diskMutants]))(
  'the checker catches a server that %s',
  async (_name, mutant) => {
    await expectCaught(mutant, (trial) => tryMutant(mutant, trial));
  },
  120_000,
);

test('every mutant fits the program, and for each kind of violation that mutants are caught as, one is tried here', () => {
  for (const { edits } of [...all, slowMutant]) expect(brokenFiles(edits).size).toBeGreaterThan(0);
  const kindsOf = (some: typeof all) => [...new Set(some.flatMap(({ caughtAs }) => caughtAs))].toSorted();
  expect(kindsOf(all.filter(({ isInShort }) => isInShort))).toEqual(kindsOf(all));
});

test('a mutant that no longer fits the program is an error', () => {
  const edits = [{ file: 'cli.js', from: 'no such words', to: '' }];
  expect(() => brokenFiles(edits)).toThrow('does not fit');
});

function inShort<M extends Pick<Mutant, 'name' | 'isInShort'>>(some: readonly M[]): (readonly [string, M])[] {
  return some.filter(({ isInShort }) => isInShort).map((mutant) => [mutant.name, mutant]);
}

async function expectCaught(
  mutant: Pick<Mutant, 'caughtAs'>,
  attempt: (trial: Trial) => Promise<Verdict>,
): Promise<void> {
  const { isCaught, said } = await isCaughtInTime(mutant, seed, (trialSeed) => {
    const own = mkdtempSync(join(folder.path, 'mutant-'));
    return attempt({ folder: own, seed: trialSeed, shimLibrary });
  });
  expect(isCaught, `not caught as ${mutant.caughtAs.join(' or ')}: ${said.join('; ')}`).toBe(true);
}
