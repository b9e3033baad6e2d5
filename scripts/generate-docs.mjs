// Writes the pages that are derived from the tables: docs/reference.md and docs/configuration.md. With --check it
// changes nothing and fails when a page is out of date.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import {
  budgets,
  commands,
  errorTable,
  events,
  formatLimits,
  permissions,
  roomLadder,
  signals,
  workspaceLadder,
} from '@madang/protocol';
import { settingsTable } from '../packages/server/dist/config.js';
import { root } from './repository.mjs';

const notice = '<!-- Made by scripts/generate-docs.mjs from the tables in the code. Do not edit. -->';

/** The pages by path. */
export function generatedPages() {
  return { 'docs/reference.md': reference(), 'docs/configuration.md': configuration() };
}

function reference() {
  return [
    notice,
    '# Reference: commands, events, signals, errors, limits',
    'Everything a client can call and receive, the same at every transport. Schemas: `GET /api/openapi.json`, `GET /api/asyncapi.json`.',
    '## Commands',
    table(
      ['command', 'input', 'HTTP', 'line mode', 'permission', 'what for'],
      Object.values(commands).map((row) => [
        `\`${row.name}\``,
        fields(row.input.shape),
        `\`${row.http.method} /api${row.http.path}\``,
        row.line ? `\`/${[row.line.verb, ...row.line.args].join(' ')}\`` : '',
        `\`${row.permission}\` (${permissions[row.permission].of})`,
        row.doc.en,
      ]),
    ),
    '`?` marks optional fields. Fields in the HTTP path go there; the rest go in the query of `GET` and `DELETE`, and in the JSON body of the others.',
    '## Who may do what',
    `The workspace’s ladder: ${workspaceLadder.join(' < ')}. Guests stand on the lowest rung, users of a host app are members; the operator stands on none. A room’s ladder: ${roomLadder.join(' < ')}. Every rung has what the rungs below it have. For now users are given the rungs guest and member, and in rooms member and owner.`,
    table(
      ['permission', 'in `can`', 'lowest rung'],
      permissionsOf('self', 'workspace').map(([permission, { from }]) => [
        `\`${permission}\``,
        canName(permission),
        typeof from === 'function' ? 'set by the operator' : from,
      ]),
    ),
    table(
      ['permission', 'in `can`', 'public room', 'private room', 'direct room'],
      permissionsOf('room', 'message').flatMap(([permission, { from }]) =>
        Object.entries('own' in from ? from : { '': from }).map(([whose, lowest]) => [
          `\`${permission}\`${whose && ` (${whose})`}`,
          canName(permission),
          lowest.public,
          lowest.private,
          lowest.direct,
        ]),
      ),
    ),
    `In a direct room, neither user has ${talk()} while one blocks the other, or with \`--direct off\`. How answers tell it: [protocol](protocol.md#what-the-caller-may-do).`,
    '## Events',
    'Events are kept in the room’s log. Each has `room`, `seq`, `at` (ms since 1970) and `actor` (`{ id, name }`), and:',
    table(
      ['event', 'fields', 'what it says'],
      Object.values(events).map((row) => [
        `\`${row.name}\``,
        fields(row.schema.shape, ['room', 'seq', 'at', 'actor']),
        row.doc.en,
      ]),
    ),
    'A live event has its name in the frame; in `log.read` and `sync` it is the field `type`.',
    '## Signals',
    'Signals are sent once and not kept; they may be lost.',
    table(
      ['signal', 'fields', 'what it says'],
      Object.values(signals).map((row) => [`\`${row.name}\``, fields(row.schema.shape), row.doc.en]),
    ),
    '## Errors',
    table(
      ['code', 'HTTP', 'JSON-RPC', 'try the same again?', 'meaning'],
      Object.entries(errorTable).map(([code, row]) => [
        `\`${code}\``,
        row.http,
        row.jsonRpc,
        row.retry ? 'yes, later' : 'no',
        row.title.en,
      ]),
    ),
    'Where JSON-RPC has its own numbers, those are used: -32700 (not JSON), -32600 (not a request), -32601 (no such method). The same goes for HTTP statuses: 405 (`not_found`: the path takes other methods), 406 and 426 (`invalid_input`).',
    '## Sizes',
    table(
      ['what', 'limit'],
      Object.entries(formatLimits).map(([name, value]) => [`\`${name}\``, value]),
    ),
    'A call that exceeds one of them gets `invalid_input` with the field.',
    '## Budgets',
    'What one user may spend. An address (or IPv6 /64) may spend as much as `--users-per-address` users, an IPv6 /48 eight times that. All callers of one address that have no session yet count as one user. `session.start` spends only its address’s budget, whatever session the connection has: a new guest costs a user’s whole `session` budget, a valid token one `read` point, a wrong one a `session` point. Beyond a budget, calls get `rate_limited` with `retryAfter` (seconds). Each budget is a setting (`--send-budget 120/10`); `--limits off` turns them all off.',
    table(
      ['budget', 'calls', 'in seconds', 'commands'],
      Object.entries(budgets).map(([name, { points, seconds }]) => [
        `\`${name}\``,
        points,
        seconds,
        Object.values(commands)
          .filter((row) => row.budget === name)
          .map((row) => `\`${row.name}\``)
          .join(' '),
      ]),
    ),
    '',
  ].join('\n\n');
}

function permissionsOf(...objects) {
  return Object.entries(permissions).filter(([, { of }]) => objects.includes(of));
}

function talk() {
  const names = permissionsOf('room', 'message').flatMap(([name, { isTalk }]) => (isTalk ? [`\`${name}\``] : []));
  return new Intl.ListFormat('en', { type: 'disjunction' }).format(names);
}

function canName(permission) {
  const { can } = permissions[permission];
  return can ? `\`${can}\`` : '';
}

function configuration() {
  return [
    notice,
    '# Configuration',
    'Flags override the environment, which overrides the settings file (`--config settings.json`, a JSON object), which overrides the defaults. `madang --help` lists the same settings. `createMadang()` takes the names in the file column.',
    settingsTable(),
    '',
  ].join('\n\n');
}

function fields(shape, without = []) {
  return Object.entries(shape)
    .filter(([name]) => !without.includes(name))
    .map(([name, schema]) => `\`${name}${schema.isOptional() ? '?' : ''}\``)
    .join(' ');
}

function table(head, rows) {
  const line = (cells) => `| ${cells.map((cell) => String(cell).replaceAll('|', '\\|')).join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  for (const [path, text] of Object.entries(generatedPages())) {
    const file = join(root, path);
    if (process.argv.includes('--check')) {
      if (readFileSync(file, 'utf8') === text) continue;
      process.stderr.write(`${path} is out of date: run node scripts/generate-docs.mjs\n`);
      process.exitCode = 1;
    } else writeFileSync(file, text);
  }
}
