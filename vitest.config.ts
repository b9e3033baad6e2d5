import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** The files that take longest, and folders of such. They begin first, so that at the end no worker is left with one. */
const SLOW = [
  /tests\/setup\/fresh-clone/,
  /tests\/server\/verify/,
  /tests\/contract\//,
  /tests\/e2e\/(accessibility|failing-part)/,
  /packages\/server\/test\/(readers|store|copy|postgres|sqlite-history)\.test/,
  /tests\/cluster\//,
  /tests\/transports\/compression/,
  /tests\/server\/(clock|limits|rolling)/,
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

export default defineConfig({
  test: {
    include: ['packages/*/test/**/*.test.{ts,tsx}', 'examples/*/test/**/*.test.ts', 'tests/**/*.test.ts'],
    pool: 'forks',
    // A worker imports once what its files share. No test mocks a module, and what a file changes it puts back.
    isolate: false,
    // V8 collects garbage in several threads, which on two busy cores mostly wait for each other.
    execArgv: ['--single-threaded-gc'],
    // Twice the cores of the smallest machine: files wait for what they started, and for time to pass.
    maxWorkers: 4,
    // What `tsc` built is imported by Node itself: nothing of it is to be transformed.
    server: { deps: { external: [/\/packages\/\w+\/dist\//] } },
    globalSetup: 'tests/setup/up-to-date.mjs',
    sequence: { sequencer: SlowestFirst },
    testTimeout: 30_000,
    hookTimeout: 30_000,
    // The machine may be busy: a condition that is awaited gets as much time as anything else.
    expect: { poll: { timeout: 10_000 } },
  },
});
