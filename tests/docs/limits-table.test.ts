import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { settings } from '../../packages/server/dist/config.js';
import { root } from './code-blocks.ts';

/** Rows of the table of limits: number and text. */
const rows = [...readFileSync(join(root, 'docs/delivery.md'), 'utf8').matchAll(/^\| (B\d+) \| (.*) \|$/gm)].map(
  ([, number = '', text = '']) => ({ number, text }),
);

const flags = Object.keys(settings).map(
  (name) => `--${name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`,
);

test('the table of limits is numbered without a gap, and each row has a test that begins with its number', () => {
  expect(rows.map(({ number }) => number)).toEqual(rows.map((_, index) => `B${index + 1}`));
  const files = execFileSync('git', ['ls-files', 'tests/*.test.ts'], { cwd: root, encoding: 'utf8' })
    .trim()
    .split('\n');
  const tested = new Set(
    files.flatMap((file) => readFileSync(join(root, file), 'utf8').match(/(?<=['"`](?:[A-Z]\d+ )*)B\d+(?= )/g) ?? []),
  );
  expect(rows.filter(({ number }) => !tested.has(number))).toEqual([]);
});

test('the table names every setting that is a limit, and no other', () => {
  const named = rows.flatMap(({ text }) => text.match(/--[a-z-]+/g) ?? []);
  expect(named.filter((flag) => !flags.includes(flag))).toEqual([]);
  const limits = flags.filter((flag) => /^--max-|-bytes$|-budget$|-timeout-ms$/.test(flag));
  expect(limits.length).toBeGreaterThan(10);
  expect(limits.filter((flag) => !named.includes(flag))).toEqual([]);
});
