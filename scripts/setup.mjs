// The prerequisites of both commands: the dependencies in the lock file, for this Node.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root, succeeds } from './repository.mjs';
import { driverLoads, isDriverOfLock, prepareDriver } from './sqlite-driver.mjs';

/** Installs the dependencies if they don't match the lock file, or the database driver is for another Node. */
export async function ensureDependencies() {
  refuseOldNode();
  const areThere = isInstalled();
  if (areThere && (await driverLoads())) return;
  process.stdout.write('Installing dependencies …\n');
  const install = areThere && !isDriverOfLock ? undefined : installAll();
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

async function installAll() {
  const args = ['ci', '--no-audit', '--no-fund', '--loglevel=error'];
  if (!(await succeeds('npm', args, { stdio: 'inherit' }))) process.exit(1);
}

/** Whether what npm has recorded as installed matches the lock file. */
function isInstalled() {
  const note = join(root, 'node_modules', '.package-lock.json');
  if (!existsSync(note)) return false;
  const installed = JSON.parse(readFileSync(note, 'utf8')).packages;
  const wanted = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')).packages;
  return Object.entries(wanted).every(
    ([path, { version, optional, devOptional, link }]) =>
      !path.startsWith('node_modules/') ||
      optional ||
      devOptional ||
      (link ? existsSync(join(root, path)) : installed[path]?.version === version),
  );
}
