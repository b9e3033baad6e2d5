import { execFileSync } from 'node:child_process';
import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startPostgres, type TestPostgres } from '../../../tests/support/postgres.ts';
import { tempFolder } from '../../../tests/support/temp-folder.ts';
import { parseAddress } from '../dist/store/postgres/address.js';
import { connect } from '../dist/store/postgres/prepare.js';

/** The forms of an address that libpq accepts, and what Madang makes of them. */

const SECRET = 'geheim';

const folder = tempFolder();
const file = (name: string) => join(folder.path, name);
let cluster: TestPostgres;

beforeAll(async () => {
  const request = ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-subj', '/CN=localhost'];
  const names = ['-addext', 'subjectAltName=DNS:localhost', '-keyout', file('key'), '-out', file('cert')];
  execFileSync('openssl', [...request, ...names], { stdio: 'ignore' });
  chmodSync(folder.path, 0o755);
  chmodSync(file('key'), 0o600);
  if (process.getuid?.() === 0) execFileSync('chown', ['postgres', folder.path, file('key')]);
  cluster = await startPostgres([
    ...['ssl=on', `ssl_cert_file=${file('cert')}`, `ssl_key_file=${file('key')}`],
    `unix_socket_directories=${folder.path}`,
  ]);
  writeFileSync(file('pass'), `# a comment\nlocalhost:*:other:x:no\n*:*:*:madang:${SECRET}\\:1\n`, { mode: 0o600 });
  writeFileSync(
    file('services'),
    `[other]\nhost=nowhere\n\n[workspace]\n# ours\nhost=127.0.0.1\nport=${cluster.port}\nuser=madang\n`,
  );
});
afterAll(async () => {
  await cluster[Symbol.asyncDispose]();
  folder[Symbol.dispose]();
});

/** The result of connecting: how the server sees the session, and what is printed about it. */
async function session(address: string, environment: NodeJS.ProcessEnv = {}): Promise<Record<string, unknown>> {
  const parsed = parseAddress(address, environment);
  expect(parsed.name).not.toContain(SECRET);
  const client = await connect(parsed);
  const { rows } = await client.query<Record<string, unknown>>(
    `SELECT current_user AS user, current_database() AS database, current_setting('application_name') AS application,
       current_setting('search_path') AS path, inet_server_addr() IS NULL AS socket,
       (SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()) AS ssl`,
  );
  await client.end();
  return rows[0] ?? {};
}

describe('an address is accepted in every form', () => {
  const plain = { user: 'madang', database: 'postgres', application: 'madang', socket: false, ssl: false };
  const cases: [form: string, address: () => string, expected: object, environment?: () => NodeJS.ProcessEnv][] = [
    ['a URI', () => `postgres://madang:${SECRET}@127.0.0.1:${cluster.port}/postgres`, plain],
    ['the other scheme', () => `postgresql://madang@127.0.0.1:${cluster.port}/postgres`, plain],
    [
      'percent-encoded parts',
      () => `postgres://m%61dang:p%40%2F%3A%20${SECRET}@127.0.0.1:${cluster.port}/%70ostgres`,
      plain,
    ],
    [
      'several hosts',
      () => `postgres://madang@127.0.0.1:1,127.0.0.1:${cluster.port}/postgres?target_session_attrs=read-write`,
      plain,
    ],
    [
      'no database: the user’s',
      () => `postgres://postgres@127.0.0.1:${cluster.port}?user=madang&dbname=postgres`,
      plain,
    ],
    ['a host in the query', () => `postgres:///postgres?host=127.0.0.1&port=${cluster.port}&user=madang`, plain],
    [
      'an address beside a name',
      () => `host=no-such.invalid hostaddr=127.0.0.1 port=${cluster.port} user=madang dbname=postgres`,
      plain,
    ],
    [
      'a socket in the query',
      () => `postgres:///postgres?host=${folder.path}&port=${cluster.port}&user=madang`,
      { ...plain, socket: true },
    ],
    [
      'a percent-encoded socket',
      () => `postgres://madang@${encodeURIComponent(folder.path)}:${cluster.port}/postgres`,
      { ...plain, socket: true },
    ],
    [
      'keywords',
      () => `host=127.0.0.1 port = ${cluster.port} user='madang' password='a\\'b \\\\ ${SECRET}' dbname=postgres`,
      plain,
    ],
    [
      'keywords with a socket',
      () => `host=${folder.path} port=${cluster.port} user=madang dbname=postgres sslmode=require`,
      { ...plain, socket: true },
    ],
    [
      'options',
      () =>
        `postgres://madang@127.0.0.1:${cluster.port}/postgres?options=-c%20search_path%3Dworkspace&connect_timeout=9`,
      { ...plain, path: 'workspace' },
    ],
    [
      'a name of the application',
      () => `postgres://madang@127.0.0.1:${cluster.port}/postgres?application_name=ours`,
      { ...plain, application: 'madang: ours' },
    ],
    ['a service', () => 'service=workspace dbname=postgres', plain, () => ({ PGSERVICEFILE: file('services') })],
    [
      'the environment',
      () => 'postgres://',
      plain,
      () => ({ PGHOST: '127.0.0.1', PGPORT: `${cluster.port}`, PGUSER: 'madang', PGDATABASE: 'postgres' }),
    ],
    [
      'preferred TLS',
      () => `postgres://madang@localhost:${cluster.port}/postgres?sslmode=prefer`,
      { ...plain, ssl: true },
    ],
    ['TLS', () => `postgres://madang@localhost:${cluster.port}/postgres?sslmode=require`, { ...plain, ssl: true }],
    [
      'TLS, as other drivers write it',
      () => `postgres://madang@localhost:${cluster.port}/postgres?ssl=true`,
      { ...plain, ssl: true },
    ],
    [
      'TLS, the certificate checked',
      () => `postgres://madang@127.0.0.1:${cluster.port}/postgres?sslmode=verify-ca&sslrootcert=${file('cert')}`,
      { ...plain, ssl: true },
    ],
    [
      'TLS, the name checked too',
      () => `postgres://madang@localhost:${cluster.port}/postgres?sslmode=verify-full&sslrootcert=${file('cert')}`,
      { ...plain, ssl: true },
    ],
    ['no TLS', () => `postgres://madang@127.0.0.1:${cluster.port}/postgres?sslmode=disable`, plain],
  ];
  test.each(cases)('%s', async (_form, address, expected, environment) => {
    expect(await session(address(), environment?.())).toMatchObject(expected);
  });

  test('IPv6, several ports, a password from a file', () => {
    const { servers, name } = parseAddress(`postgres://madang@[::1]:7,b,c:9/x?passfile=${file('pass')}`, {});
    expect(servers.map(([first]) => [first?.host, first?.port, first?.password])).toEqual([
      ['::1', 7, `${SECRET}:1`],
      ['b', 5432, `${SECRET}:1`],
      ['c', 9, `${SECRET}:1`],
    ]);
    expect(name).toBe('postgres://madang@[::1]:7,b,c:9/x');
  });

  test('a certificate that is untrusted, or for another name, is refused', async () => {
    const at = (host: string, more: string) => session(`postgres://madang@${host}:${cluster.port}/postgres?${more}`);
    await expect(at('localhost', 'sslmode=verify-full')).rejects.toThrow("can't be reached");
    await expect(at('127.0.0.1', `sslmode=verify-full&sslrootcert=${file('cert')}`)).rejects.toThrow(
      "can't be reached",
    );
  });
});

test.each([
  ['sslmode', `postgres://h/x?sslmode=${SECRET}`],
  ['sslmode', `postgres://h/x?sslmode=verify-ca`],
  ['sslrootcert', `postgres://h/x?sslmode=verify-full&sslrootcert=/nowhere/${SECRET}`],
  ['target_session_attrs', 'postgres://h/x?target_session_attrs=standby'],
  ['channel_binding', 'postgres://h/x?channel_binding=require'],
  ['gssencmode', 'postgres://h/x?gssencmode=require'],
  ['replication', 'host=h replication=true'],
  ['constructor', 'postgres://h/x?constructor=1'],
  ['port', 'postgres://h:70000/x'],
  ['port', 'host=a,b,c port=1,2'],
  ['connect_timeout', `postgres://h/x?connect_timeout=${SECRET}`],
  ['password', `postgres://u:100%${SECRET}@h/x`],
  ['host', 'host=@abstract'],
])('the unsupported part %s is named, without its value', (part, address) => {
  const refusal = () => parseAddress(address, {});
  expect(refusal).toThrow(`The part "${part}" of the database's address is not supported`);
  expect(refusal).not.toThrow(SECRET);
});

test.each([
  `mysql://u:${SECRET}@h/x`,
  'workspace',
  `host=h password='${SECRET}`,
  `postgres://u:${SECRET}@h]:1/x`,
  'service=nowhere',
])('something that is no address is refused without quoting it: %#', (address) => {
  const refusal = () => parseAddress(address, { PGSERVICEFILE: '/nowhere' });
  expect(refusal).toThrow(/is not a PostgreSQL address|no service/);
  expect(refusal).not.toThrow(SECRET);
});
