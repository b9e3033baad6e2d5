// Rules that no linter knows: who may import whom in the server, no command's name in a transport, SQL only in the
// store, nothing about this machine in the tree.
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { commands, events } from '@madang/protocol';
import { root } from './repository.mjs';

const server = 'packages/server/src/';

/** Names that are unmistakable: `sync` is also a word. */
const tableNames = Object.keys({ ...commands, ...events }).filter((name) => name.includes('.'));

/** For each folder of the server: the folders and files that it may import. Root helpers may be imported anywhere. */
const mayImport = {
  transports: [
    'transports',
    'commands/run',
    'commands/context',
    'fanout',
    'identity/actor',
    'identity/sessions',
    'log/committed',
  ],
  commands: ['commands', 'identity', 'log', 'store', 'fanout', 'presence'],
  identity: ['identity', 'store'],
  log: ['log', 'store'],
  store: ['store'],
  fanout: ['fanout', 'log', 'identity', 'store'],
  presence: ['presence', 'fanout', 'log', 'identity'],
  cluster: ['cluster', 'fanout', 'presence', 'log', 'identity', 'store'],
  readers: ['readers', 'log', 'store'],
};
const rootHelpers = ['errors', 'logger', 'clock', 'config', 'opened', 'back-off', 'within-ms'];

/** Checks all sources; prints what is wrong and ends the process if anything is. */
export function checkSources() {
  const files = execFileSync('git', ['ls-files'], { cwd: root, encoding: 'utf8' }).split('\n').filter(Boolean);
  const problems = files.flatMap((file) => problemsOf(file));
  for (const problem of problems) process.stderr.write(`${problem}\n`);
  if (problems.length > 0) process.exit(1);
}

function problemsOf(file) {
  if (!/\.(ts|tsx|mjs|js|json|md|css|html|yml)$/.test(file) || file === 'package-lock.json') return [];
  const text = readFileSync(join(root, file), 'utf8');
  return [...machinePaths(file, text), ...(file.startsWith(server) ? serverProblems(file, text) : [])];
}

function serverProblems(file, text) {
  const inner = file.slice(server.length);
  const folder = inner.includes('/') ? inner.split('/')[0] : '';
  const problems = [];
  for (const [, target] of text.matchAll(/(?:from |import\()'(\.[^']+)\.js'/g)) {
    const path = join(inner, '..', target);
    const isFree = rootHelpers.includes(path) || !mayImport[folder];
    if (!isFree && !mayImport[folder].some((allowed) => path === allowed || path.startsWith(`${allowed}/`))) {
      problems.push(`${file}: ${folder}/ may not import ${path} (scripts/check-sources.mjs says what it may)`);
    }
  }
  const known = folder === 'transports' ? tableNames.find((name) => text.includes(`'${name}'`)) : undefined;
  if (known) {
    problems.push(
      `${file}: a transport knows no command or event by name ("${known}"); make it an attribute of the row`,
    );
  }
  if (
    folder !== 'store' &&
    /\b(SELECT|INSERT INTO|DELETE FROM)\b|\.(selectFrom|insertInto|deleteFrom|updateTable)\(/.test(text)
  ) {
    problems.push(`${file}: SQL belongs to store/`);
  }
  return problems;
}

function machinePaths(file, text) {
  const found = /\/(root|home)\/[a-z]|registry\.[a-z]+\.org|deb\.[a-z]+\.org/.exec(text);
  return found && file !== 'scripts/check-sources.mjs'
    ? [`${file}: names a machine's path or a registry's host (${found[0]})`]
    : [];
}
