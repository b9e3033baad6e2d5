// What the built web client's files weigh.
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { root } from './repository.mjs';

/** The most that the scripts of the page may have together, in bytes after gzip: what is loaded before anything is seen. */
export const MAX_INITIAL = 150 * 1024;

/** The files of `packages/web/dist` in which scripts and styles are, the largest first. `isInitial`: the page itself names it. */
export function webAssets() {
  const dist = join(root, 'packages/web/dist');
  const page = readFileSync(join(dist, 'index.html'), 'utf8');
  const named = new Set(Array.from(page.matchAll(/(?:src|href)="\.\/(assets\/[^"]+)"/g), ([, file]) => file));
  return readdirSync(join(dist, 'assets'))
    .map((name) => `assets/${name}`)
    .map((file) => ({ file, bytes: gzipped(join(dist, file)), isInitial: named.has(file) }))
    .toSorted((one, other) => other.bytes - one.bytes);
}

/** The bytes after gzip of all files that the service worker keeps, the page included. */
export function precachedBytes() {
  const dist = join(root, 'packages/web/dist');
  const worker = readFileSync(join(dist, 'service-worker.js'), 'utf8');
  // However the minifier writes the list.
  const names = readdirSync(dist, { recursive: true })
    .map((name) => String(name).replaceAll('\\', '/'))
    .filter((name) => statSync(join(dist, name)).isFile() && worker.includes(name));
  return [...names, 'index.html'].reduce((sum, name) => sum + gzipped(join(dist, name)), 0);
}

export function sumOf(files) {
  return files.reduce((sum, { bytes }) => sum + bytes, 0);
}

function gzipped(path) {
  return gzipSync(readFileSync(path), { level: 9 }).length;
}
