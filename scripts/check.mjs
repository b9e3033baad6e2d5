// The static checks: types, lint, format, unused code, and who may import whom.
import { join } from 'node:path';
import { build } from './build.mjs';
import { root, runAll } from './repository.mjs';
import { ensureDependencies } from './setup.mjs';

/** Folders whose types are checked besides what is built. `tests` covers the tests of all packages but the web client. */
const TYPED = [
  'tests',
  'packages/web',
  'packages/web/worker',
  'bench',
  'examples/tutorial',
  'examples/express-app',
  'examples/bot',
];

await ensureDependencies({ forTests: true });
await build();
const bin = (name) => join(root, 'node_modules', '.bin', name);
// The longest first.
await runAll([
  [bin('oxlint'), ['--type-aware']],
  [bin('knip'), []],
  ...TYPED.map((folder) => [bin('tsc'), ['-p', folder]]),
  [bin('oxfmt'), ['--check']],
  [process.execPath, [join(root, 'scripts/generate-docs.mjs'), '--check']],
]);
// It needs the table, which the build makes.
const { checkSources } = await import('./check-sources.mjs');
checkSources();
