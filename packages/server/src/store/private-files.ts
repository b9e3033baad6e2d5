import { chmodSync, closeSync, existsSync, mkdirSync, openSync, statSync } from 'node:fs';
import { dirname } from 'node:path';

/** What everyone but the owner may do. */
const OTHERS = 0o077;

/** Makes a folder and those above it, for its owner alone. Node's own recursive mkdir never returns where none can be made, as in /proc. */
export function makePrivateFolder(path: string): void {
  if (existsSync(path)) return;
  makePrivateFolder(dirname(path));
  mkdirSync(path, { mode: 0o700 });
}

/** Makes an empty file for its owner alone, whatever the umask; does nothing when it is there. */
export function makePrivateFile(path: string): void {
  if (!existsSync(path)) closeSync(openSync(path, 'a', 0o600));
}

/** Takes a file from everyone but its owner. Answers whether others could use it; false when there is none. */
export function keepPrivate(path: string): boolean {
  const mode = statSync(path, { throwIfNoEntry: false })?.mode ?? 0;
  if ((mode & OTHERS) === 0) return false;
  chmodSync(path, 0o600);
  return true;
}

/** Whether others than its owner may look into a folder. */
export function isOpenToOthers(folder: string): boolean {
  return ((statSync(folder, { throwIfNoEntry: false })?.mode ?? 0) & OTHERS) !== 0;
}
