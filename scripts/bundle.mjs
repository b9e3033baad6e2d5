// Bundles the server's many files and those of its dependencies into one program, and compiles it: it starts in a
// quarter of the time. An app that mounts Madang imports dist/, TypeScript's own output.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join, sep } from 'node:path';
import { rolldown } from 'rolldown';
import { root } from './repository.mjs';

const server = join(root, 'packages/server');

/** Loaded from node_modules: native code, packages that start threads, and packages whose internals are used. */
const external = [/^better-sqlite3/, /^pino/, /^ws$/, /^engine\.io/, 'pg-native'];

/** Bundles the program, from dist/ to bundle/. */
export async function bundle() {
  const build = await rolldown({
    input: {
      program: join(server, 'dist/cli.js'),
      'write-worker': join(server, 'dist/store/sqlite/write-worker.js'),
      ...migrations(),
    },
    platform: 'node',
    external,
  });
  const dir = join(server, 'bundle');
  rmSync(dir, { recursive: true, force: true });
  // CommonJS, since only that can be loaded as compiled code.
  const { output } = await build.write({
    dir,
    format: 'cjs',
    dynamicImportInCjs: false,
    entryFileNames: '[name].js',
    intro: ({ name }) => (name === 'write-worker' ? `require('./code-cache.js');` : ''),
  });
  await build.close();
  writeFileSync(join(dir, 'package.json'), '{ "type": "commonjs" }\n');
  writeFileSync(join(dir, 'cli.js'), `'use strict';\nrequire('./code-cache.js');\nrequire('./program.js');\n`);
  copyFileSync(join(root, 'scripts/code-cache.cjs'), join(dir, 'code-cache.js'));
  writeFileSync(join(dir, 'LICENSES.txt'), licensesOf(output.flatMap(({ moduleIds = [] }) => moduleIds)));
  await compile(join(dir, 'cli.js'));
}

/** How long the program may take to start, be used and stop, in ms. */
const COMPILE_MS = 30_000;

/** Runs the program once, to keep what V8 has compiled by the end. Without that it works, too, and starts more slowly. */
async function compile(program) {
  const data = mkdtempSync(join(tmpdir(), 'madang-compile-'));
  // It is to know nothing of the database and the addresses that `npm start` is given.
  const env = Object.entries(process.env).filter(([name]) => !name.startsWith('MADANG_'));
  try {
    const running = spawn(process.execPath, [program, '--host', '127.0.0.1', '--port', '0', '--data', data], {
      stdio: ['ignore', 'pipe', 'ignore'],
      cwd: data,
      env: { ...Object.fromEntries(env), MADANG_RECORD_CODE: '1' },
      timeout: COMPILE_MS,
      killSignal: 'SIGKILL',
    });
    const exited = once(running, 'exit');
    const url = await openedAt(running.stdout);
    if (url !== undefined) await useOnce(url).catch(() => undefined);
    running.kill('SIGTERM');
    const [, signal] = await exited;
    if (signal === 'SIGKILL') throw new Error(`${program} did not start and stop within ${COMPILE_MS / 1000} s`);
  } finally {
    rmSync(data, { recursive: true, force: true });
  }
}

/** Resolves to undefined if the program ends instead. */
async function openedAt(output) {
  let text = '';
  for await (const chunk of output) {
    text += chunk;
    const url = /Madang is open at (http:[^"\s]+)/.exec(text)?.[1];
    if (url !== undefined) return url;
  }
  return undefined;
}

/** Does what every server is asked for: whether it is ready, a session, a message. */
async function useOnce(url) {
  await fetch(`${url}/readyz`);
  const headers = { 'content-type': 'application/json' };
  const session = await fetch(`${url}/api/session`, { method: 'POST', headers, body: '{"name":"compiler"}' });
  const { token } = await session.json();
  const authorized = { ...headers, authorization: `Bearer ${token}` };
  const messages = `${url}/api/rooms/lobby/messages`;
  await fetch(messages, { method: 'POST', headers: authorized, body: '{"text":"compiled"}' });
  await fetch(messages, { headers: authorized });
}

/** The migrations, which the program finds in a folder beside it. The output of deleted sources is left out. */
function migrations() {
  const files = readdirSync(join(server, 'src/store/migrations')).map((file) => basename(file, '.ts'));
  return Object.fromEntries(
    files.map((name) => [`migrations/${name}`, join(server, `dist/store/migrations/${name}.js`)]),
  );
}

/** The licences of the packages that some files belong to, which must accompany them. */
function licensesOf(files) {
  const folders = files.filter((file) => file.includes(`${sep}node_modules${sep}`)).map(packageOf);
  const texts = [...new Set(folders.toSorted())].map((folder) => {
    const { name, version, license } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
    const file = readdirSync(folder).find((each) => /^licen[cs]e/i.test(each));
    const text = file === undefined ? `License: ${license}` : readFileSync(join(folder, file), 'utf8').trim();
    return `${name} ${version}\n\n${text}\n`;
  });
  return texts.join(`\n${'-'.repeat(80)}\n\n`);
}

/** The folder of the package that a file belongs to. */
function packageOf(file) {
  let folder = dirname(file);
  const isPackage = () => {
    const parent = dirname(folder);
    return basename(basename(parent).startsWith('@') ? dirname(parent) : parent) === 'node_modules';
  };
  while (!isPackage()) folder = dirname(folder);
  if (!existsSync(join(folder, 'package.json'))) throw new Error(`${file} belongs to no package`);
  return folder;
}
