// The prerequisites of both commands: the dependencies in the lock file, for this Node.
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { root, succeeds } from './repository.mjs';
import { driverLoads, isDriverOfLock, prepareDriver } from './sqlite-driver.mjs';

const lockFile = join(root, 'package-lock.json');

/** What npm has recorded as installed. */
const installedNote = join(root, 'node_modules', '.package-lock.json');

/** What the program is built from. The other workspaces are tests, benches and examples. */
const PROGRAM = ['protocol', 'client', 'server', 'verify', 'web'].map((name) => `packages/${name}`);

/** Says for which lock file the program's dependencies alone were installed. */
const programNote = join(root, 'node_modules', '.madang-program');

/**
 * Installs the dependencies if they don't match the lock file, or the database driver is for another Node. To run the program
 * takes two thirds of them; `forTests` asks for all.
 */
export async function ensureDependencies({ forTests = false } = {}) {
  refuseOldNode();
  const areThere = isInstalled() || (!forTests && isProgramInstalled());
  if (areThere && (await driverLoads())) return;
  process.stdout.write('Installing dependencies …\n');
  const install = areThere && !isDriverOfLock ? undefined : installFor(forTests);
  const [placeDriver] = await Promise.all([prepareDriver(), install]);
  placeDriver();
}

/** npm only warns about it, and then something fails with an obscure message. */
function refuseOldNode() {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  if (major > 20 || (major === 20 && minor >= 19)) return;
  process.stderr.write(
    `Madang needs Node 20.19 or newer, best 22.14 or newer; this is Node ${process.versions.node}.\n`,
  );
  process.exit(1);
}

/** Whoever only starts the program need not wait for what only tests need. What is there already is never taken away. */
async function installFor(forTests) {
  if (forTests && isProgramInstalled()) {
    // Not `ci`, which begins by removing what a running server may be about to import.
    await npm('install', '--no-save');
    return rmSync(programNote);
  }
  if (forTests || (existsSync(installedNote) && !existsSync(programNote))) return npm('ci');
  await npm('ci', '--include-workspace-root', ...PROGRAM.map((folder) => `--workspace=${folder}`));
  writeFileSync(programNote, lockHash());
}

async function npm(...args) {
  const quiet = ['--no-audit', '--no-fund', '--loglevel=error'];
  if (!(await succeeds('npm', [...args, ...quiet], { stdio: 'inherit' }))) process.exit(1);
}

function isProgramInstalled() {
  return existsSync(programNote) && readFileSync(programNote, 'utf8') === lockHash();
}

function lockHash() {
  return createHash('sha256').update(readFileSync(lockFile)).digest('hex');
}

/** Whether what npm has recorded as installed matches the lock file. */
function isInstalled() {
  if (!existsSync(installedNote)) return false;
  const installed = JSON.parse(readFileSync(installedNote, 'utf8')).packages;
  const wanted = JSON.parse(readFileSync(lockFile, 'utf8')).packages;
  return Object.entries(wanted).every(
    ([path, { version, optional, devOptional, link }]) =>
      !path.startsWith('node_modules/') ||
      optional ||
      devOptional ||
      (link ? existsSync(join(root, path)) : installed[path]?.version === version),
  );
}
