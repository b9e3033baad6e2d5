// What the two commands need before they can do anything: the dependencies of the lock file, for this Node.
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The repository's folder. */
export const root = fileURLToPath(new URL('..', import.meta.url));

/** Runs a command in the repository; ends this process when it fails. */
export function run(command, args, options = {}) {
  const { status, error } = spawnSync(command, args, { cwd: root, stdio: 'inherit', ...options });
  if (error) throw error;
  if (status !== 0) process.exit(status ?? 1);
}

/** Installs the dependencies if they are not those of the lock file, or the database's driver is of another Node. */
export function ensureDependencies() {
  if (isInstalled() && driverLoads()) return;
  process.stdout.write('Installing dependencies (a minute or two, the first time) …\n');
  run('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error']);
}

/** Whether what npm has noted as installed is what the lock file wants. */
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

function driverLoads() {
  const load = "new (require('better-sqlite3'))(':memory:')";
  return (
    spawnSync(process.execPath, ['-e', load], { cwd: join(root, 'packages/server'), stdio: 'ignore' }).status === 0
  );
}
