import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';

const names = (folder: string) =>
  readdirSync(join(import.meta.dirname, '..', folder))
    .flatMap((file) => /^([^.]+)\.(ts|js)$/.exec(file)?.[1] ?? [])
    .sort();

/** The program runs whatever it finds in the folder, by name. */
test('every migration has its number, without a gap, and is in what was built', () => {
  const sources = names('src/store/migrations');
  expect(sources.map((name) => Number(/^(\d{4})-[a-z0-9-]+$/.exec(name)?.[1]))).toEqual(sources.map((_, at) => at + 1));
  expect(names('dist/store/migrations')).toEqual(sources);
  expect(names('bundle/migrations')).toEqual(sources);
});
