import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** Files that take longest, mostly by waiting. They begin first, so that at the end no worker waits for one of them. */
const SLOW = [/tests\/contract\//, /tests\/setup\//, /tests\/cluster\//, /tests\/server\/(verify|limits|rolling)/];

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
    maxWorkers: 2,
    globalSetup: 'tests/setup/up-to-date.mjs',
    sequence: { sequencer: SlowestFirst },
    testTimeout: 30_000,
    hookTimeout: 30_000,
    // The machine may be busy: a condition that is awaited gets as much time as anything else.
    expect: { poll: { timeout: 10_000 } },
  },
});
