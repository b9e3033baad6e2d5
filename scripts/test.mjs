// `npm test`: sets up everything the tests need, and runs every test. Arguments go to vitest: npm test --
// tests/transports
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { build } from './build.mjs';
import { root } from './repository.mjs';
import { ensureDependencies } from './setup.mjs';
import { ensureSystemPackages } from './system-packages.mjs';

/** How many of the slowest files are listed at the end. */
const SLOWEST = 20;

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
    ...process.argv.slice(2),
  ],
  { cwd: root, stdio: 'inherit' },
);
if (existsSync(report)) {
  const { numPassedTests, numFailedTests, numPendingTests, testResults } = JSON.parse(readFileSync(report, 'utf8'));
  printSlowest(testResults);
  process.stdout.write(`${numPassedTests} passed, ${numFailedTests} failed, ${numPendingTests} skipped\n`);
}
rmSync(folder, { recursive: true, force: true });
process.exit(status ?? 1);

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
