import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Row } from './result.ts';
import type { Measured } from './rounds.ts';
import { count, medianOf, ms, ratioRow } from './words.ts';
import { cacheFolder } from './workspace.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** The figures of one contender in the same rounds, built from this tree and from an earlier commit. */
export interface Pair {
  now: Measured<unknown>;
  before: Measured<unknown>;
}

/** The fields of a figure that are compared. Times of a few messages vary too much between runs to have a limit. */
const metrics: readonly { path: string; what: string; words: (value: number) => string; bound?: number }[] = [
  { path: 'usPerDelivery', what: 'server CPU for a delivery', words: (value) => `${value.toFixed(3)} µs`, bound: 1.05 },
  { path: 'bytesPerDelivery', what: 'bytes of a delivery', words: count },
  { path: 'usPerAnswer', what: 'server CPU for a send', words: (value) => `${value.toFixed(1)} µs`, bound: 1.05 },
  { path: 'perSecond', what: 'a second', words: count, bound: 1 / 1.05 },
  { path: 'collected', what: 'memory of a connection', words: (value) => `${count(value)} bytes`, bound: 1.05 },
  { path: 'again.cpuMs', what: 'server CPU for a connect', words: (value) => `${value.toFixed(3)} ms`, bound: 1.05 },
  { path: 'p50', what: 'p50', words: ms },
  { path: 'p99', what: 'p99', words: ms },
];

/**
 * Builds a commit of this repository beside the tree, with the tree's own dependencies.
 * @returns the path of its `cli.js`
 */
export function buildCommit(commit: string): string {
  const git = (...args: string[]) => execFileSync('git', args, { cwd: root, encoding: 'utf8' }).trim();
  const id = git('rev-parse', '--short=12', `${commit}^{commit}`);
  const folder = join(cacheFolder(), `commit-${id}`);
  const program = join(folder, 'packages/server/dist/cli.js');
  if (existsSync(program)) return program;
  const draft = `${folder}-draft`;
  rmSync(draft, { recursive: true, force: true });
  git('worktree', 'prune');
  git('worktree', 'add', '--force', '--detach', draft, id);
  // Links between the packages are relative, so in a copy they lead to that commit's packages.
  for (const modules of ['node_modules', 'packages/server/node_modules']) {
    if (existsSync(join(root, modules))) {
      cpSync(join(root, modules), join(draft, modules), { recursive: true, verbatimSymlinks: true });
    }
  }
  execFileSync(process.execPath, [join(draft, 'node_modules/typescript/bin/tsc'), '-b'], { cwd: draft });
  renameSync(draft, folder);
  git('worktree', 'prune');
  return program;
}

/** The rows that compare a scenario's pairs. */
export function beforeRows(scenario: string, pairs: readonly Pair[]): Row[] {
  return pairs.flatMap(({ now, before }) =>
    metrics
      .filter(({ path }) => !Number.isNaN(medianOf(now, (figure) => numberAt(figure, path))))
      .map(({ path, what, words, bound }) =>
        ratioRow({
          what: `${scenario}: ${what}, ${now.name}`,
          ours: now,
          peer: before,
          pick: (figure) => numberAt(figure, path),
          words,
          target: boundWords(bound),
          holds: (ratio) => bound === undefined || (bound < 1 ? ratio >= bound : ratio <= bound),
        }),
      ),
  );
}

function boundWords(bound: number | undefined): string {
  if (bound === undefined) return '';
  return bound < 1 ? `at least ${bound.toFixed(2)}` : `at most ${bound}`;
}

function numberAt(figure: unknown, path: string): number {
  let value = figure;
  for (const key of path.split('.')) {
    value = typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[key] : undefined;
  }
  return typeof value === 'number' ? value : Number.NaN;
}
