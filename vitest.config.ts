import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';
import { temporaryFolder } from './tests/setup/temporary-folder.ts';

/**
 * The files that take longest, and folders of such. They begin first, so that at the end no worker is left with one. Those
 * that compute and those that wait take turns.
 */
const SLOW = [
  /tests\/setup\/fresh-clone/,
  /tests\/contract\/nodes/,
  /tests\/cluster\/(failover|killed-node)/,
  /tests\/server\/verify/,
  /tests\/e2e\/main-paths/,
  /tests\/cluster\/partition/,
  /tests\/contract\/contract/,
  /packages\/server\/test\/postgres\.test/,
  /tests\/e2e\/accessibility/,
  /tests\/cluster\/(database-failure|readers)/,
  /tests\/contract\/mutants/,
  /packages\/server\/test\/readers/,
  /tests\/server\/clock/,
  /packages\/server\/test\/(store|copy)\.test/,
  /tests\/cluster\//,
  /tests\/e2e\/(unsent|failing-part|writing|unread)/,
  /tests\/transports\/compression/,
  /examples\/tutorial\/test\/websocket-vs-polling/,
  /tests\/server\/(limits|rolling)/,
];

class SlowestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rank = ({ moduleId }: TestSpecification) => {
      const index = SLOW.findIndex((pattern) => pattern.test(moduleId));
      return index === -1 ? SLOW.length : index;
    };
    return (await super.sort(files)).toSorted((a, b) => rank(a) - rank(b));
  }
}

// Node reads these certificates whenever it starts, for 80 ms. Only npm, which may have to pass a proxy, needs them:
// `withCertificates` gives them back to it.
if (process.env['NODE_EXTRA_CA_CERTS'] !== undefined) {
  process.env['TESTS_CA_CERTS'] = process.env['NODE_EXTRA_CA_CERTS'];
  delete process.env['NODE_EXTRA_CA_CERTS'];
}

export default defineConfig({
  test: {
    include: ['packages/*/test/**/*.test.{ts,tsx}', 'examples/*/test/**/*.test.ts', 'tests/**/*.test.ts'],
    pool: 'forks',
    // A worker imports once what its files share. No test mocks a module, and what a file changes it puts back.
    isolate: false,
    // V8 collects garbage in several threads, which on two busy cores mostly wait for each other.
    execArgv: ['--single-threaded-gc'],
    // One more than the cores of the smallest machine: files wait for what they started, and for time to pass.
    maxWorkers: 3,
    // What `tsc` built is imported by Node itself: nothing of it is to be transformed.
    server: { deps: { external: [/\/packages\/\w+\/dist\//] } },
    env: { TMPDIR: temporaryFolder },
    globalSetup: ['tests/setup/temporary-folder.ts', 'tests/setup/up-to-date.mjs'],
    sequence: { sequencer: SlowestFirst },
    testTimeout: 30_000,
    hookTimeout: 30_000,
    // The machine may be busy: a condition that is awaited gets as much time as anything else.
    expect: { poll: { timeout: 10_000 } },
  },
});
