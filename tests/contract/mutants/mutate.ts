import { cpSync, existsSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
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

/**
 * Copies the built server to a folder, breaks the copy, and returns its program: the bundle, which starts in a third of
 * the time, if the edits fit that too. Throws like {@link brokenFiles}.
 */
export function breakServer(folder: string, edits: readonly Edit[]): string {
  const inDist = brokenFiles(edits);
  const inBundle = brokenChunks(edits);
  const [part, broken] = inBundle ? ['bundle', inBundle] : ['dist', inDist];
  const copy = join(folder, 'server');
  cpSync(join(serverFolder, part), join(copy, part), { recursive: true });
  cpSync(join(serverFolder, 'package.json'), join(copy, 'package.json'));
  symlinkSync(rootModules, join(folder, 'node_modules'));
  const ownModules = join(serverFolder, 'node_modules');
  if (existsSync(ownModules)) symlinkSync(ownModules, join(copy, 'node_modules'));
  for (const [file, text] of broken) {
    writeFileSync(join(copy, part, file), text);
    // What was compiled of the sound one.
    rmSync(join(copy, part, `${file}.compiled`), { force: true });
  }
  return join(copy, part, 'cli.js');
}

/**
 * The same for the bundle's files. Undefined if an edit does not fit: the bundler formats everything anew, and renames
 * what is imported.
 */
function brokenChunks(edits: readonly Edit[]): Map<string, string> | undefined {
  const bundle = join(serverFolder, 'bundle');
  const chunks = new Map<string, string>();
  for (const name of readdirSync(bundle)) {
    if (name.endsWith('.js')) chunks.set(name, readFileSync(join(bundle, name), 'utf8'));
  }
  const broken = new Map<string, string>();
  for (const { file, from, to } of edits) {
    // Each file begins with its name, and ends where the next one begins.
    const heading = `\n// packages/server/dist/${file}\n`;
    const chunk = [...chunks].find(([, text]) => text.includes(heading));
    if (!chunk) return undefined;
    const [name, text] = chunk;
    const start = text.indexOf(heading) + heading.length;
    const length = text.slice(start).search(/^\/\/ (packages|node_modules)\//m);
    const end = length === -1 ? text.length : start + length;
    const own = text.slice(start, end);
    const pattern = patternOf(from);
    if ([...own.matchAll(pattern)].length !== 1) return undefined;
    const changed = text.slice(0, start) + own.replace(pattern, () => to) + text.slice(end);
    chunks.set(name, changed);
    broken.set(name, changed);
  }
  return broken;
}

/** What finds code as the bundler writes it: with other white space and quotes, and without `undefined`. */
function patternOf(code: string): RegExp {
  const words = code.trim().split(/\s+/);
  const escaped = words.map((word) => word.replace(/[.*+?^${}()|[\]\\]/g, '\\$&').replace(/['"`]/g, `['"\`]`));
  return new RegExp(escaped.join('\\s+').replaceAll('undefined', '(?:undefined|void 0)'), 'g');
}
