import { chmodSync, closeSync, existsSync, mkdirSync, openSync, statSync } from 'node:fs';
import { dirname } from 'node:path';

/** The permission bits of everyone but the owner. */
const OTHERS = 0o077;

/**
 * Creates a folder and its parents, for their owner alone. Node's own recursive mkdir never returns where a folder
 * can't be created, as in /proc.
 */
export function makePrivateFolder(path: string): void {
  if (existsSync(path)) return;
  makePrivateFolder(dirname(path));
  mkdirSync(path, { mode: 0o700 });
}

/** Creates an empty file for its owner alone, whatever the umask. Does nothing if it exists. */
export function makePrivateFile(path: string): void {
  if (!existsSync(path)) closeSync(openSync(path, 'a', 0o600));
}

/**
 * Removes everyone's permissions but the owner's. Returns whether others could use the file; false if there is none.
 */
export function keepPrivate(path: string): boolean {
  const mode = statSync(path, { throwIfNoEntry: false })?.mode ?? 0;
  if ((mode & OTHERS) === 0) return false;
  chmodSync(path, 0o600);
  return true;
}

/** Whether anyone but its owner may look into a folder. */
export function isOpenToOthers(folder: string): boolean {
  return ((statSync(folder, { throwIfNoEntry: false })?.mode ?? 0) & OTHERS) !== 0;
}
