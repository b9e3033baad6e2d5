import { cpSync, existsSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const serverFolder = fileURLToPath(new URL('../../../packages/server', import.meta.url));
const rootModules = fileURLToPath(new URL('../../../node_modules', import.meta.url));

/** A change to the built program: `from` occurs exactly once. */
export interface Edit {
  /** Below `packages/server/dist`. */
  file: string;
  from: string;
  to: string;
}

/**
 * The files that edits change, with the changes applied. Throws if an edit no longer fits the program: then the mutant
 * must be rewritten, since it would prove nothing.
 */
export function brokenFiles(edits: readonly Edit[]): Map<string, string> {
  const files = new Map<string, string>();
  for (const { file, from, to } of edits) {
    const text = files.get(file) ?? readFileSync(join(serverFolder, 'dist', file), 'utf8');
    const times = text.split(from).length - 1;
    if (times !== 1) {
      throw new Error(`A mutant does not fit: ${file} has ${JSON.stringify(from)} ${times} times, not once`);
    }
    files.set(
      file,
      text.replace(from, () => to),
    );
  }
  return files;
}

/** Copies the built server to a folder, breaks the copy, and returns its program. Throws like {@link brokenFiles}. */
export function breakServer(folder: string, edits: readonly Edit[]): string {
  const broken = brokenFiles(edits);
  const copy = join(folder, 'server');
  cpSync(join(serverFolder, 'dist'), join(copy, 'dist'), { recursive: true });
  cpSync(join(serverFolder, 'package.json'), join(copy, 'package.json'));
  symlinkSync(rootModules, join(folder, 'node_modules'));
  const ownModules = join(serverFolder, 'node_modules');
  if (existsSync(ownModules)) symlinkSync(ownModules, join(copy, 'node_modules'));
  for (const [file, text] of broken) writeFileSync(join(copy, 'dist', file), text);
  return join(copy, 'dist', 'cli.js');
}
