import { Command } from 'commander';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test, vi } from 'vitest';
import { addFlags, type Config, readConfig } from '../../packages/server/dist/config.js';
import { StartError } from '../../packages/server/dist/errors.js';
import { type CliRun, openCli, runCli } from '../support/run-cli.ts';
import { freePort } from '../support/start-server.ts';
import { tempFolder } from '../support/temp-folder.ts';

/** A setting as documented. */
interface DocumentedSetting {
  flag: string;
  env: string;
  file: string;
  value: string;
  fallback: string;
}

/** The settings table of docs/configuration.md. */
const settings: DocumentedSetting[] = readFileSync(new URL('../../docs/configuration.md', import.meta.url), 'utf8')
  .split('\n')
  .filter((line) => line.startsWith('| `--'))
  .map((line) => {
    const cells = line
      .replaceAll(String.raw`\|`, '¦')
      .split('|')
      .map((cell) => cell.trim().replaceAll('`', ''));
    const [, flag = '', env = '', file = '', value = '', fallback = ''] = cells;
    return { flag, env, file, value: value.replaceAll(' ¦ ', '|'), fallback };
  });

/**
 * Three values that a kind of setting refuses: by flag, by environment, in a file. In the environment any text may be a
 * folder or an address, which turns out only later, and any text may name a room.
 */
const badValues: Record<string, [string | undefined, string | undefined, unknown]> = {
  number: [' ', '-1', null],
  bytes: ['64k', '0', [65_536]],
  ms: ['5s', '-1', 1.5],
  'calls/seconds': ['120', '0/10', 120],
  'on|off': ['', 'yes', 1],
  'fatal|error|warn|info|debug|silent': ['', 'loud', {}],
  'postgres://…': ['', 'mysql://host/x', 5],
  'redis://…': ['x', 'http://host', true],
  folder: ['', undefined, 7],
  '/path': ['chat', '/a?b', 5],
  address: ['', undefined, []],
  origins: ['example.org', 'https://example.org/path', [1]],
  rooms: [undefined, undefined, [1]],
  'guest|member|off': ['', 'everybody', true],
  'guest|member|shared|off': ['on', 'nobody', []],
  'any|listed': ['*', 'none', {}],
  '#rrggbb': ['green', '#abc', 0x2a6a50],
  addresses: ['nonsense', '10.0.0.0/99', 'loopback, 300.1.1.1'],
};

/** One plain sentence for the operator, and nothing else. */
function expectPlainSentence(run: CliRun): void {
  expect(run.code).toBe(1);
  expect(run.stderr).toMatch(/^madang: [^\n]+\.\n$/);
  expect(`${run.stdout}${run.stderr}`).not.toMatch(/\n\s+at |Error:|node:internal/);
}

/** What the program makes of its flags and environment, without starting it: hundreds of starts would take minutes. */
function configOf(args: string[], environment: Record<string, string> = {}): Config {
  for (const [name, value] of Object.entries(environment)) vi.stubEnv(name, value);
  try {
    return readConfig(addFlags(new Command('madang')).parse(args, { from: 'user' }));
  } finally {
    vi.unstubAllEnvs();
  }
}

/** The sentence with which the program refuses settings, without the program's name before it. */
function refusalOf(args: string[], environment?: Record<string, string>): string {
  try {
    configOf(args, environment);
  } catch (error) {
    expect(error).toBeInstanceOf(StartError);
    const { message } = error as StartError;
    expect(message).toMatch(/^[^\n]+\.$/);
    return message;
  }
  throw new Error(`${args.join(' ')} is not refused`);
}

/** A settings file. */
function settingsFile(folder: string, content: unknown): string {
  const path = join(folder, 'settings.json');
  writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content));
  return path;
}

test('the documentation has the settings that users may rely on', () => {
  expect(settings.map(({ flag }) => flag)).toEqual(
    expect.arrayContaining(['--port', '--data', '--guests', '--limits']),
  );
});

test('--help prints every setting with its flag, its environment and its default', async () => {
  const { code, stdout } = await runCli(['--help']);
  expect(code).toBe(0);
  const text = stdout.replaceAll(/\s+/g, ' ');
  for (const { flag, env, fallback } of settings) {
    expect(text).toContain(`${flag} <`);
    expect(text).toContain(`(env: ${env})`);
    if (fallback)
      expect(text).toMatch(
        new RegExp(`${flag} <.*?\\(default: ${fallback.replaceAll('.', '\\.')}\\) \\(env: ${env}\\)`),
      );
  }
});

/** A value that a setting refuses, in each way of giving it, and what the error names then. */
function badWays(folder: string, { flag, env, file, value }: DocumentedSetting) {
  const [byFlag, byEnvironment, inFile] = badValues[value] ?? [];
  expect(inFile, `bad values for <${value}>`).toBeDefined();
  const ways: { named: string; args: string[]; environment?: Record<string, string> }[] = [
    { named: `"${file}"`, args: ['--config', settingsFile(folder, { [file]: inFile })] },
  ];
  if (byFlag !== undefined) ways.push({ named: flag, args: [`${flag}=${byFlag}`] });
  if (byEnvironment !== undefined) ways.push({ named: env, args: [], environment: { [env]: byEnvironment } });
  return ways;
}

test.each(settings)('$flag refuses a bad value with a sentence that names where it was given', (setting) => {
  using folder = tempFolder();
  for (const { named, args, environment } of badWays(folder.path, setting))
    expect(refusalOf(args, environment)).toContain(named);
});

test('the program says what it refuses, and exits', async () => {
  using folder = tempFolder();
  const setting = settings.find(({ flag }) => flag === '--max-frame-bytes');
  const ways = badWays(folder.path, setting as DocumentedSetting);
  expect(ways).toHaveLength(3);
  const data = ['--data', join(folder.path, 'data'), '--port', '0'];
  const runs = await Promise.all(ways.map(({ args, environment }) => runCli([...data, ...args], environment)));
  for (const [index, { named }] of ways.entries()) {
    expectPlainSentence(runs[index]!);
    expect(runs[index]!.stderr).toContain(named);
  }
  expect(existsSync(join(folder.path, 'data'))).toBe(false);
});

test('--version prints the version in package.json', async () => {
  const { version } = JSON.parse(
    readFileSync(new URL('../../packages/server/package.json', import.meta.url), 'utf8'),
  ) as {
    version: string;
  };
  expect(await runCli(['--version'])).toEqual({ code: 0, stdout: `${version}\n`, stderr: '' });
});

test('where guests are off and no app signs anybody in, the log says so at the start', async () => {
  using folder = tempFolder();
  const start = (guests: string, data: string) =>
    runCli(['--port', '0', '--data', join(folder.path, data), '--guests', guests]);
  const [off, on] = await Promise.all([start('off', 'off'), start('on', 'on')]);
  expect(off.stdout).toMatch(/"level":40,.*Nobody new can enter/);
  expect(on.stdout).toContain('Madang is open');
  expect(on.stdout).not.toContain('Nobody new');
});

test('an empty environment variable counts as absent, or is refused', async () => {
  using folder = tempFolder();
  const port = await freePort();
  const config = settingsFile(folder.path, { port });
  const run = await runCli(['--data', join(folder.path, 'data'), '--config', config], { MADANG_PORT: '' });
  if (run.code === 1) expect(run.stderr).toContain('MADANG_PORT');
  else expect(run.stdout).toContain(`http://localhost:${port}`);
});

test('flags override the environment, which overrides the file', async () => {
  using folder = tempFolder();
  const [byFlag, byEnvironment, byFile] = [await freePort(), await freePort(), await freePort()];
  const config = ['--config', settingsFile(folder.path, { port: byFile, guests: 'off' })];
  const env = { MADANG_PORT: String(byEnvironment) };
  const flags = [...config, '--port', String(byFlag), '--guests', 'on'];
  const read = (args: string[], environment: Record<string, string>) => {
    const { port, guests } = configOf(args, environment);
    return [port, guests];
  };
  expect(read(flags, env)).toEqual([byFlag, true]);
  expect(read(config, env)).toEqual([byEnvironment, false]);
  expect(read(config, {})).toEqual([byFile, false]);
  expect(read(['--port', '0'], { MADANG_GUESTS: 'off' })).toEqual([0, false]);
  expect(read([], { ...env, MADANG_CONFIG: config[1] as string })).toEqual([byEnvironment, false]);

  // The running program uses them too.
  const portOf = async (data: string, args: string[], environment: Record<string, string>) => {
    await using server = await openCli(['--data', join(folder.path, data), ...args], environment);
    const guest = await fetch(`${server.url}/api/session`, { method: 'POST', body: '{"name":"guest"}' });
    return [Number(new URL(server.url).port), guest.status];
  };
  const [won, lost] = await Promise.all([
    portOf('one', flags, env),
    portOf('other', [], { MADANG_CONFIG: config[1] as string }),
  ]);
  expect(won).toEqual([byFlag, 201]);
  expect(lost).toEqual([byFile, 403]);
});

describe('unknown or misspelt input is refused', () => {
  test.each([
    ['an unknown flag', ['--nosuch'], '--nosuch'],
    ['a flag without its value', ['--port'], '--port'],
    ['an argument that nothing takes', ['nosuch'], 'too many arguments'],
  ])('%s', async (_what, args, words) => {
    const run = await runCli(args);
    expect(run.code).toBe(1);
    expect(run.stderr).toContain(words);
    expect(run.stderr).not.toMatch(/\n\s+at /);
  });

  test.each<[string, unknown, RegExp]>([
    ['an unknown setting', { nosuch: 1 }, /nosuch/],
    ['a setting under the name of its flag', { 'max-frame-bytes': 65_536 }, /max-frame-bytes/],
    ['a key of prototypes', '{"__proto__":{"port":1}}', /__proto__/],
    ['no JSON', 'port: 3000', /settings\.json/],
    ['an array', [], /settings\.json/],
    ['null', 'null', /settings\.json/],
  ])('a settings file with %s', (_what, content, words) => {
    using folder = tempFolder();
    expect(refusalOf(['--config', settingsFile(folder.path, content)])).toMatch(words);
  });

  test('a settings file that does not exist', async () => {
    const run = await runCli(['--config', '/nosuch/settings.json']);
    expectPlainSentence(run);
    expect(run.stderr).toContain('/nosuch/settings.json');
  });

  test.each([
    ['--host', '203.0.113.7'],
    ['--host', 'no such host'],
  ])('%s %s', async (flag, value) => {
    using folder = tempFolder();
    const run = await runCli(['--data', join(folder.path, 'data'), '--port', '0', flag, value]);
    expectPlainSentence(run);
    expect(run.stderr).toContain(flag);
  });
});
