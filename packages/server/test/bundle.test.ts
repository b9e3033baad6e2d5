import { execFileSync } from 'node:child_process';
import { cpSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Script } from 'node:vm';
import { expect, test } from 'vitest';
import { tempFolder } from '../../../tests/support/temp-folder.ts';

const server = join(import.meta.dirname, '..');
const bundle = join(server, 'bundle');
const compiledNames = readdirSync(bundle).filter((name) => name.endsWith('.js.compiled'));

test('the compiled code in the bundle is what this Node takes for its files', () => {
  expect(compiledNames).toContain('program.js.compiled');
  for (const name of compiledNames) {
    const text = readFileSync(join(bundle, name.replace('.compiled', '')), 'utf8');
    const script = new Script(`(function (exports, require, module, __filename, __dirname) { ${text}\n});`, {
      cachedData: readFileSync(join(bundle, name)),
    });
    expect(script.cachedDataRejected, name).toBe(false);
  }
});

test.each([
  ['missing', undefined],
  ['empty', () => Buffer.alloc(0)],
  // Its version follows the mark that it begins with.
  [
    'that of another V8',
    (compiled: Buffer) => Buffer.concat([compiled.subarray(0, 4), Buffer.alloc(4, 7), compiled.subarray(8)]),
  ],
])('the program works with compiled code that is %s', (_how, change) => {
  using folder = tempFolder();
  cpSync(bundle, join(folder.path, 'server/bundle'), { recursive: true });
  cpSync(join(server, 'package.json'), join(folder.path, 'server/package.json'));
  symlinkSync(join(server, '../../node_modules'), join(folder.path, 'node_modules'));
  for (const name of compiledNames) {
    const file = join(folder.path, 'server/bundle', name);
    const changed = change?.(readFileSync(file));
    if (changed) writeFileSync(file, changed);
    else rmSync(file);
  }
  const { version } = JSON.parse(readFileSync(join(server, 'package.json'), 'utf8')) as { version: string };
  const printed = execFileSync(process.execPath, [join(folder.path, 'server/bundle/cli.js'), '--version']);
  expect(printed.toString()).toBe(`${version}\n`);
});
