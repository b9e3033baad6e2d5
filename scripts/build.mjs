// Builds every package: TypeScript incrementally, the web client when something that it is made of has changed.
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { root, run } from './repository.mjs';
import { ensureDependencies } from './setup.mjs';

const webStamp = join(root, 'packages/web/dist/.stamp');

/** Builds what isn't up to date. */
export function build() {
  run(process.execPath, [join(root, 'node_modules/typescript/bin/tsc'), '-b']);
  const wanted = hashOf(['packages/web', 'packages/client/src', 'packages/protocol/src', 'package-lock.json']);
  if (existsSync(webStamp) && readFileSync(webStamp, 'utf8') === wanted) return;
  process.stdout.write('Building the web client …\n');
  run(process.execPath, [join(root, 'node_modules/vite/bin/vite.js'), 'build', '--logLevel', 'warn'], {
    cwd: join(root, 'packages/web'),
  });
  writeFileSync(webStamp, wanted);
}

function hashOf(paths) {
  const hash = createHash('sha256');
  const add = (path) => {
    const entries = readdirSync(path, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1));
    for (const entry of entries) {
      const full = join(path, entry.name);
      if (entry.isDirectory()) {
        if (!['dist', 'node_modules', 'test'].includes(entry.name)) add(full);
      } else hash.update(full.slice(root.length)).update(readFileSync(full));
    }
  };
  for (const path of paths) {
    const full = join(root, path);
    if (path.endsWith('.json')) hash.update(readFileSync(full));
    else add(full);
  }
  return hash.digest('hex');
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  await ensureDependencies();
  build();
}
