// Prints the size of each script of the built web client, and fails if what the page loads first is above its bound.
import { build } from './build.mjs';
import { MAX_INITIAL, sumOf, webAssets } from './web-sizes.mjs';

await build();
const scripts = webAssets().filter(({ file }) => file.endsWith('.js'));
const initial = scripts.filter(({ isInitial }) => isInitial);
for (const { file, bytes, isInitial } of scripts) {
  process.stdout.write(`${String(bytes).padStart(8)}  ${file}${isInitial ? '  (initial)' : ''}\n`);
}
const sum = sumOf(initial);
process.stdout.write(`${String(sum).padStart(8)}  initial, of at most ${MAX_INITIAL} bytes after gzip\n`);
if (initial.length === 0 || sum > MAX_INITIAL) {
  process.stderr.write(
    'The web client begins with too much: load what the first screen does not need with lazyPart.\n',
  );
  process.exit(1);
}
