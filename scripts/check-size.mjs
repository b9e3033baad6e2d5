// Prints the size of each script of the built web client, and fails if what the page loads first is above its bound.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { build } from './build.mjs';
import { root } from './repository.mjs';

/** The most that the scripts of the page may have together, in bytes after gzip: what is loaded before anything is seen. */
const MAX_INITIAL = 150 * 1024;

await build();
const dist = join(root, 'packages/web/dist');
const page = readFileSync(join(dist, 'index.html'), 'utf8');
const initial = new Set(Array.from(page.matchAll(/(?:src|href)="\.\/(assets\/[^"]+\.js)"/g), ([, file]) => file));
const scripts = readdirSync(join(dist, 'assets'))
  .filter((name) => name.endsWith('.js'))
  .map((name) => {
    const file = `assets/${name}`;
    return { file, bytes: gzipSync(readFileSync(join(dist, file)), { level: 9 }).length, isInitial: initial.has(file) };
  })
  .toSorted((one, other) => other.bytes - one.bytes);
for (const { file, bytes, isInitial } of scripts) {
  process.stdout.write(`${String(bytes).padStart(8)}  ${file}${isInitial ? '  (initial)' : ''}\n`);
}
const sum = scripts.filter(({ isInitial }) => isInitial).reduce((total, { bytes }) => total + bytes, 0);
process.stdout.write(`${String(sum).padStart(8)}  initial, of at most ${MAX_INITIAL} bytes after gzip\n`);
if (initial.size === 0 || sum > MAX_INITIAL) {
  process.stderr.write(
    'The web client begins with too much: load what the first screen does not need with lazyPart.\n',
  );
  process.exit(1);
}
