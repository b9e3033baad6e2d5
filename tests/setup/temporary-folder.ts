import { accessSync, constants, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statfsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Linux's file system in memory. */
const MEMORY = '/dev/shm';

/** What the tests and their programs need of it at most, with room to spare, in bytes: a clone is half of that. */
const ROOM = 4 * 2 ** 30;

const prefix = 'madang-tests-';

/**
 * The folder of this run for all temporary files: in memory if there is room. Every commit of a test waits for the disk
 * otherwise, and all tests wait for the same one. Programs and libraries are run from it, too.
 */
export const temporaryFolder = join(isRoomInMemory() ? MEMORY : tmpdir(), `${prefix}${process.pid}`);

/** Creates the folder, and removes those of runs that were killed. */
export function setup(): void {
  for (const name of readdirSync(join(temporaryFolder, '..'))) {
    const [, pid] = new RegExp(`^${prefix}(\\d+)$`).exec(name) ?? [];
    if (pid !== undefined && !existsSync(`/proc/${pid}`)) remove(join(temporaryFolder, '..', name));
  }
  // Others may pass through it: PostgreSQL runs under its own account.
  mkdirSync(temporaryFolder, { recursive: true, mode: 0o755 });
}

/** Removes the folder. */
export function teardown(): void {
  remove(temporaryFolder);
}

function remove(folder: string): void {
  // A program that is about to end may still be writing.
  rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
}

function isRoomInMemory(): boolean {
  try {
    accessSync(MEMORY, constants.W_OK);
    const { bavail, bsize } = statfsSync(MEMORY);
    const [, options = 'noexec'] =
      new RegExp(`^\\S+ ${MEMORY} tmpfs (\\S+)`, 'm').exec(readFileSync('/proc/mounts', 'utf8')) ?? [];
    return !options.split(',').includes('noexec') && Math.min(bavail * bsize, process.availableMemory()) > ROOM;
  } catch {
    return false;
  }
}
