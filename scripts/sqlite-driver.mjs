// The SQLite driver for the running Node (docs/decisions/0004-sqlite-driver.md). The version in the lock file ships its
// binaries, and needs Node 22.14 or newer. On Node 20 an older one replaces it, pinned by a lock file of its own. Its
// binary is downloaded where possible, else compiled, and kept in the user's cache, so that the next clone has it at
// once.
import { accessSync, constants, cpSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { availableParallelism, homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { root, succeeds } from './repository.mjs';

const recipe = join(root, 'scripts/sqlite-node-20');
const place = join(root, 'node_modules/better-sqlite3');

/** How long the download may take, in ms; compiling takes about a minute. */
const FETCH_MS = 15_000;

/** The driver's compiled part. */
const binary = 'build/Release/better_sqlite3.node';

/** Whether this Node can run the driver in the lock file, which needs version 10 of Node-API. */
export const isDriverOfLock = Number(process.versions.napi) >= 10;

/** Whether the installed driver can open a database. */
export function driverLoads() {
  return succeeds(process.execPath, ['-e', "new (require('better-sqlite3'))(':memory:')"]);
}

/**
 * Prepares the driver for this Node, if it isn't the lock file's. Resolves to a function that puts it into
 * node_modules.
 */
export async function prepareDriver() {
  if (isDriverOfLock) return () => undefined;
  const kept = keptAt();
  if (!existsSync(kept)) await make(kept);
  return () => {
    rmSync(place, { recursive: true, force: true });
    cpSync(kept, place, { recursive: true });
  };
}

/** Where the driver is cached: once per version and kind of Node. */
function keptAt() {
  const { packages } = JSON.parse(readFileSync(join(recipe, 'package-lock.json'), 'utf8'));
  const libc = process.platform === 'linux' && !process.report.getReport().header.glibcVersionRuntime ? '-musl' : '';
  const node = `${process.platform}${libc}-${process.arch}-abi${process.versions.modules}`;
  const name = `better-sqlite3-${packages['node_modules/better-sqlite3'].version}-${node}`;
  const ofUser = join(process.env['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'madang');
  return join(isWritable(ofUser) ? ofUser : join(root, '.cache'), name);
}

function isWritable(folder) {
  try {
    mkdirSync(folder, { recursive: true });
    accessSync(folder, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

/**
 * Makes the driver in a folder next to the target, and moves it there in one step, so that nobody finds it half made.
 */
async function make(target) {
  const work = `${target}.${process.pid}`;
  const modules = join(work, 'node_modules');
  const driver = join(modules, 'better-sqlite3');
  try {
    cpSync(recipe, work, { recursive: true });
    await succeeds('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'], { cwd: work });
    if (!(await fetchBinary(modules))) await compile(work);
    if (!existsSync(join(driver, binary))) refuse();
    const ready = join(work, 'ready');
    // What is needed at run time; the rest is SQLite's source, and tools to download and compile.
    for (const part of ['package.json', 'LICENSE', 'lib', binary]) copy(join(driver, part), join(ready, part));
    for (const name of ['bindings', 'file-uri-to-path']) copy(join(modules, name), join(ready, 'node_modules', name));
    if (!existsSync(target)) renameSync(ready, target);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

function copy(from, to) {
  cpSync(from, to, { recursive: true });
}

function fetchBinary(modules) {
  const fetcher = join(modules, 'prebuild-install/bin.js');
  return succeeds(process.execPath, [fetcher], { cwd: join(modules, 'better-sqlite3'), timeout: FETCH_MS });
}

function compile(work) {
  process.stdout.write(
    `Compiling the SQLite driver for Node ${process.versions.node}: about a minute, once on this machine …\n`,
  );
  // Node's headers need not be downloaded if they came with it.
  const node = dirname(dirname(process.execPath));
  const headers = existsSync(join(node, 'include/node/node.h')) ? { npm_config_nodedir: node } : {};
  const options = { npm_config_build_from_source: 'true', npm_config_jobs: String(availableParallelism()) };
  return succeeds('npm', ['rebuild', 'better-sqlite3'], { cwd: work, env: { ...process.env, ...headers, ...options } });
}

function refuse() {
  process.stderr.write(
    `The SQLite driver for Node ${process.versions.node} can be neither fetched nor compiled here. Install python3, make and g++ and try again, or use Node 22.14 or newer, which needs none of them.\n`,
  );
  process.exit(1);
}
