import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { minify, type Plugin, transformWithOxc } from 'vite';
import { versionOf } from './version-name.js';

const SOURCE = join(import.meta.dirname, 'worker/service-worker.ts');

/** Too large for every browser to keep all of them: each keeps those of its language. */
const ON_USE = /^emoji\//;

/** Writes `service-worker.js`: the worker with this build's name and the names of its files. */
export function serviceWorker(): Plugin {
  return {
    name: 'madang-service-worker',
    apply: 'build',
    async writeBundle({ dir }) {
      if (dir === undefined) return;
      const files = readdirSync(dir, { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile() && !entry.name.startsWith('.'))
        .map((entry) =>
          join(entry.parentPath, entry.name)
            .slice(dir.length + 1)
            .replaceAll('\\', '/'),
        )
        .filter((file) => file !== 'index.html' && file !== 'service-worker.js' && !ON_USE.test(file))
        .toSorted();
      const version = versionOf(readFileSync(join(dir, 'index.html'), 'utf8'));
      const { code } = await transformWithOxc(readFileSync(SOURCE, 'utf8'), SOURCE);
      const worker = await minify('service-worker.js', `const BUILD = ${JSON.stringify({ version, files })};\n${code}`);
      writeFileSync(join(dir, 'service-worker.js'), worker.code);
    },
  };
}
