import { cpSync, existsSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const serverFolder = fileURLToPath(new URL('../../../packages/server', import.meta.url));
const rootModules = fileURLToPath(new URL('../../../node_modules', import.meta.url));

/** A change of the built program: `from` is there exactly once. */
export interface Edit {
  /** Below `packages/server/dist`. */
  file: string;
  from: string;
  to: string;
}

/**
 * Copies the built server to a folder, breaks the copy, and answers its program. Throws when an edit doesn't fit the
 * program any more: then the mutant must be written anew, for it would prove nothing.
 */
export function breakServer(folder: string, edits: readonly Edit[]): string {
  const copy = join(folder, 'server');
  cpSync(join(serverFolder, 'dist'), join(copy, 'dist'), { recursive: true });
  cpSync(join(serverFolder, 'package.json'), join(copy, 'package.json'));
  symlinkSync(rootModules, join(folder, 'node_modules'));
  const ownModules = join(serverFolder, 'node_modules');
  if (existsSync(ownModules)) symlinkSync(ownModules, join(copy, 'node_modules'));
  for (const { file, from, to } of edits) {
    const path = join(copy, 'dist', file);
    const text = readFileSync(path, 'utf8');
    const times = text.split(from).length - 1;
    if (times !== 1) {
      throw new Error(`A mutant does not fit: ${file} has ${JSON.stringify(from)} ${times} times, not once`);
    }
    writeFileSync(
      path,
      text.replace(from, () => to),
    );
  }
  return join(dirname(copy), 'server', 'dist', 'cli.js');
}
