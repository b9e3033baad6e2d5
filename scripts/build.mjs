// Builds every package: TypeScript incrementally, the program and the web client if their sources have changed.
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { root, run, succeeds } from './repository.mjs';
import { ensureDependencies } from './setup.mjs';

/** Builds whatever is out of date. Whoever only wants to run it need not wait for its types to be checked. */
export async function build({ checkTypes = true } = {}) {
  removeOldMigrations();
  const unchecked = checkTypes ? [] : ['--noCheck'];
  run(process.execPath, [join(root, 'node_modules/typescript/bin/tsc'), '-b', ...unchecked]);
  await Promise.all([bundleProgram(), buildWebClient()]);
}

async function buildWebClient() {
  const sources = ['packages/web', 'packages/client/src', 'packages/protocol/src'];
  await unlessDone('packages/web/dist', sources, async () => {
    process.stdout.write('Building the web client …\n');
    const vite = [join(root, 'node_modules/vite/bin/vite.js'), 'build', '--logLevel', 'warn'];
    const isBuilt = await succeeds(process.execPath, vite, { cwd: join(root, 'packages/web'), stdio: 'inherit' });
    if (!isBuilt) process.exit(1);
  });
}

/** Removes the output of migrations that have no source any more, as after a change of branch: the program runs all it finds. */
function removeOldMigrations() {
  const [sources, output] = ['src', 'dist'].map((part) => join(root, 'packages/server', part, 'store/migrations'));
  if (!existsSync(output)) return;
  for (const file of readdirSync(output)) {
    if (!existsSync(join(sources, `${file.split('.')[0]}.ts`))) rmSync(join(output, file));
  }
}

/** Bundles the program from TypeScript's output. */
export async function bundleProgram() {
  const sources = [
    'packages/server/dist',
    'packages/protocol/dist',
    'packages/verify/dist',
    'scripts/bundle.mjs',
    'scripts/code-cache.cjs',
  ];
  await unlessDone('packages/server/bundle', sources, async () => (await import('./bundle.mjs')).bundle());
}

/** Builds a folder, unless it is up to date with its sources and dependencies. */
async function unlessDone(folder, sources, make) {
  const stamp = join(root, folder, '.stamp');
  const wanted = hashOf([...sources, 'package-lock.json']);
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return;
  await make();
  writeFileSync(stamp, wanted);
}

function hashOf(paths) {
  const hash = createHash('sha256');
  const add = (path) => {
    if (statSync(path).isFile()) {
      hash.update(path.slice(root.length)).update(readFileSync(path));
      return;
    }
    for (const name of readdirSync(path).toSorted()) {
      if (!['dist', 'node_modules', 'test'].includes(name)) add(join(path, name));
    }
  };
  for (const path of paths) add(join(root, path));
  return hash.digest('hex');
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  await ensureDependencies();
  await build();
}
