// `npm run test:nodes`: installs, builds and starts a fresh clone on Node 22 and 24, and runs the store's tests there.
import { freshClone } from '../support/fresh-clone.ts';
import { nodeFolder, nodeVersions } from '../support/node-versions.ts';

/** What is run on each Node, as a person would type it. */
const steps = [
  'npm ci --prefer-offline',
  'npm run build',
  'npx madang --version',
  'node_modules/.bin/vitest run packages/server/test tests/transports/every-command.test.ts tests/server/restart.test.ts',
];

for (const major of [22, 24] as const) {
  const node = await nodeFolder(major);
  using clone = freshClone();
  for (const step of steps) {
    const started = performance.now();
    const { code, output } = await clone.run(step, node);
    const seconds = ((performance.now() - started) / 1000).toFixed(1);
    process.stdout.write(
      `Node ${nodeVersions[major]}: ${step}: ${code === 0 ? 'ok' : `failed\n${output}`} (${seconds} s)\n`,
    );
    if (code !== 0) process.exit(1);
  }
}
