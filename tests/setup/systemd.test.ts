import { execFile } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { openCli } from '../support/run-cli.ts';
import { tempFolder } from '../support/temp-folder.ts';

const run = promisify(execFile);
const root = fileURLToPath(new URL('../..', import.meta.url));
const unit = readFileSync(join(root, 'examples/systemd/madang.service'), 'utf8');

/** The values of a setting of the unit, in its order. */
function valuesOf(name: string): string[] {
  return [...unit.matchAll(new RegExp(`^${name}=(.*)$`, 'gm'))].map(([, value = '']) => value);
}

test('systemd accepts the unit, and rates it as well confined', async () => {
  using folder = tempFolder();
  const file = join(folder.path, 'madang.service');
  writeFileSync(
    file,
    unit.replaceAll('/opt/madang', root.replace(/\/$/, '')).replace('/usr/bin/node', process.execPath),
  );
  const verified = await run('systemd-analyze', ['verify', '--man=no', file]);
  expect(verified.stderr).toBe('');
  // 0 is fully confined, 10 not at all; above the threshold the check fails.
  await run('systemd-analyze', ['security', '--offline=true', '--threshold=15', '--no-pager', file]);
});

test('the systemd unit starts the program itself, and gives it time to stop', async () => {
  using folder = tempFolder();
  const [node, program, ...flags] = valuesOf('ExecStart')[0]?.split(' ') ?? [];
  expect(node).toBe('/usr/bin/node');
  expect(existsSync(program?.replace('/opt/madang/', root) ?? '')).toBe(true);
  expect(valuesOf('ExecStartPre')).toEqual([]);
  expect(valuesOf('User')).toEqual(['madang']);
  expect(valuesOf('StateDirectoryMode')).toEqual(['0700']);
  expect(Number(valuesOf('TimeoutStopSec')[0])).toBeGreaterThan(5);

  const variables = valuesOf('Environment').flatMap((line) => line.split(' '));
  const environment = Object.fromEntries(variables.map((each) => each.split('='))) as Record<string, string>;
  expect(environment).toMatchObject({ MADANG_DATA: `/var/lib/${valuesOf('StateDirectory')[0]}` });
  await using server = await openCli(['--port', '0', ...flags], {
    ...environment,
    MADANG_DATA: join(folder.path, 'madang'),
  });
  expect((await fetch(`${server.url}/readyz`)).status).toBe(200);
});
