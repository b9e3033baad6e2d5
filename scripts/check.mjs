// The static checks: types, lint, format, unused code, and who may import whom.
import { join } from 'node:path';
import { root, run } from './repository.mjs';
import { ensureDependencies } from './setup.mjs';
import { build } from './build.mjs';

await ensureDependencies();
await build();
const bin = (name) => join(root, 'node_modules', '.bin', name);
run(bin('tsc'), ['-p', 'packages/web']);
run(bin('tsc'), ['-p', 'tests']);
run(bin('tsc'), ['-p', 'packages/client/test']);
run(bin('tsc'), ['-p', 'examples/tutorial']);
run(bin('tsc'), ['-p', 'examples/express-app']);
run(bin('tsc'), ['-p', 'examples/bot']);
run(bin('tsc'), ['-p', 'bench']);
run(bin('oxlint'), ['--type-aware']);
run(bin('oxfmt'), ['--check']);
run(bin('knip'), []);
run(process.execPath, [join(root, 'scripts/generate-docs.mjs'), '--check']);
// It needs the table, which the build makes.
const { checkSources } = await import('./check-sources.mjs');
checkSources();
