// `npm test`: sets up everything the tests need, and runs every test. Arguments go to vitest: npm test --
// tests/transports. With --long (`npm run test:long`): the files with cases that have a long form, in that form.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { build } from './build.mjs';
import { root } from './repository.mjs';
import { ensureDependencies } from './setup.mjs';
import { ensureSystemPackages } from './system-packages.mjs';

/** How many of the slowest files are listed at the end. */
const SLOWEST = 20;

const isLong = process.argv.includes('--long');
const longForm = isLong ? filesWithLongForm() : [];
const args = [...process.argv.slice(2).filter((arg) => arg !== '--long'), ...longForm];

await ensureDependencies({ forTests: true });
await build();
ensureSystemPackages();

const folder = mkdtempSync(join(tmpdir(), 'madang-test-'));
const report = join(folder, 'report.json');
const { status } = spawnSync(
  process.execPath,
  [
    join(root, 'node_modules/vitest/vitest.mjs'),
    'run',
    '--reporter=default',
    '--reporter=json',
    `--outputFile.json=${report}`,
    ...args,
  ],
  { cwd: root, stdio: 'inherit', env: { ...process.env, ...(isLong && { MADANG_LONG: '1' }) } },
);
if (existsSync(report)) {
  const { numPassedTests, numFailedTests, numPendingTests, testResults } = JSON.parse(readFileSync(report, 'utf8'));
  printSlowest(testResults);
  const skipped = `${numPendingTests} skipped${isLong ? '' : ' (npm run test:long runs them)'}`;
  process.stdout.write(`${numPassedTests} passed, ${numFailedTests} failed, ${skipped}\n`);
}
rmSync(folder, { recursive: true, force: true });
process.exit(status ?? 1);

/** Those that ask whether they run in their long form. */
function filesWithLongForm() {
  const files = readdirSync(join(root, 'tests'), { recursive: true }).filter((file) => file.endsWith('.test.ts'));
  return files
    .map((file) => join('tests', file))
    .filter((file) => readFileSync(join(root, file), 'utf8').includes('support/long.ts'));
}

/** Shows where the time goes: all tests together have ten minutes. */
function printSlowest(files) {
  if (files.length <= SLOWEST) return;
  const seconds = (file) => (file.endTime - file.startTime) / 1000;
  const sorted = files.toSorted((a, b) => seconds(b) - seconds(a));
  const sum = files.reduce((all, file) => all + seconds(file), 0);
  process.stdout.write(`\nThe slowest of ${files.length} files, of ${Math.round(sum)} s over all workers:\n`);
  for (const file of sorted.slice(0, SLOWEST)) {
    process.stdout.write(`${seconds(file).toFixed(1).padStart(7)} s  ${relative(root, file.name)}\n`);
  }
}
