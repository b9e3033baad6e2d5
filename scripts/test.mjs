// `npm test`: sets up all that the tests need, and runs every test. Arguments go to vitest: npm test -- tests/doors
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from './build.mjs';
import { root } from './repository.mjs';
import { ensureDependencies } from './setup.mjs';
import { ensureSystemPackages } from './system-packages.mjs';

await ensureDependencies();
build();
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
  const { numPassedTests, numFailedTests } = JSON.parse(readFileSync(report, 'utf8'));
  process.stdout.write(`${numPassedTests} passed, ${numFailedTests} failed\n`);
}
rmSync(folder, { recursive: true, force: true });
process.exit(status ?? 1);
