import { existsSync, readFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import { type ClientConfig, type CustomTypesConfig, types } from 'pg';
import { type ConnInfo, notTaken, readConnInfo } from './conninfo.js';
import { readTls, type TlsTries } from './tls.js';

/** The application name of Madang's connections in `pg_stat_activity`; a configured name follows it. */
export const APPLICATION = 'madang';

/** Options for every session: compiling a plan costs more than any of our queries. */
const SESSION_OPTIONS = '-c jit=off';

/** Where a local server has its socket, if no host is given. */
const SOCKET_FOLDERS = ['/var/run/postgresql', '/tmp'];

const PORT = 5432;

const INT8 = 20;

/** Parses BIGINT as a number: seqs, counts and times in ms stay below 2^53. */
const numbers: CustomTypesConfig = {
  getTypeParser: ((oid: number, format?: 'text' | 'binary') =>
    oid === INT8 ? Number : types.getTypeParser(oid, format)) as CustomTypesConfig['getTypeParser'],
};

/** A parsed PostgreSQL address. */
export interface PostgresAddress {
  /** For each server that may be the primary, the connection settings to try, one after the other. */
  readonly servers: readonly (readonly ClientConfig[])[];
  /** How long the first connection may take, in ms, if the address sets it. */
  readonly connectMs: number | undefined;
  /** The address to print: without the password. */
  readonly name: string;
}

/** Supported settings, with a pattern for those that allow only some values. */
const TAKEN: Readonly<Record<string, RegExp>> = {
  ...Object.fromEntries(
    ['host', 'hostaddr', 'port', 'dbname', 'user', 'password', 'passfile', 'options', 'application_name', 'ssl']
      .concat(['sslmode', 'sslrootcert', 'sslcert', 'sslkey', 'fallback_application_name', 'uselibpqcompat'])
      .map((keyword) => [keyword, /^/]),
  ),
  connect_timeout: /^\d{1,5}$/,
  // Whatever it says, Madang uses the server that accepts writes.
  target_session_attrs: /^(any|read-write|primary)$/,
  load_balance_hosts: /^(disable|random)$/,
  client_encoding: /^(utf-?8|auto)$/i,
  gssencmode: /^(disable|prefer)$/,
  channel_binding: /^(disable|prefer)$/,
  sslnegotiation: /^postgres$/,
  sslcompression: /^0$/,
  sslsni: /^1$/,
  keepalives: /^1$/,
};

/**
 * Parses an address in libpq's forms (see `conninfo.ts`), with several hosts if a standby may take over:
 * `postgres://user:password@one:5432,two:5432/database`.
 * @throws StartError that names the unsupported part but repeats no value, which might be a password
 */
export function parseAddress(address: string, environment?: NodeJS.ProcessEnv): PostgresAddress {
  const info = readConnInfo(address, environment);
  for (const [keyword, value] of Object.entries(info)) {
    const pattern = Object.hasOwn(TAKEN, keyword) ? TAKEN[keyword] : undefined;
    if (!pattern) throw notTaken(keyword, 'Madang does not know it, or has no use for it');
    if (!pattern.test(value)) throw notTaken(keyword, 'it can’t have this value');
  }
  const hosts = hostsOf(info);
  const tries = readTls(info);
  const user = info['user'] ?? userInfo().username;
  const database = info['dbname'] ?? user;
  const seconds = Number(info['connect_timeout'] ?? 0);
  return {
    servers: hosts.map((host) => {
      const password = info['password'] ?? passwordIn(info, { ...host, user, database });
      const base = { user, database, ...sessionOf(info), ...(password !== undefined && { password }) };
      return configsFor(host, tries).map((config) => ({ ...base, ...config }));
    }),
    connectMs: seconds > 0 ? seconds * 1000 : undefined,
    name: `postgres://${encodeURIComponent(user)}@${hosts.map(nameOf).join(',')}/${database}`,
  };
}

/** The user in a printable address, if it names one. */
export function userIn(name: string): string | undefined {
  const user = /^postgres:\/\/([^@/]*)@/.exec(name)?.[1];
  return user === undefined ? undefined : decodeURIComponent(user);
}

interface Host {
  /** A name or an address; a socket's folder begins with `/`. */
  host: string;
  /** The host's address, if its name is not to be resolved. */
  hostaddr: string | undefined;
  port: number;
}

function hostsOf(info: ConnInfo): Host[] {
  const ports = (info['port'] ?? '').split(',').map((port) => (port === '' ? PORT : Number(port)));
  if (!ports.every((port) => Number.isInteger(port) && port > 0 && port < 65_536)) {
    throw notTaken('port', 'it is a number from 1 to 65535');
  }
  const addresses = info['hostaddr']?.split(',');
  const hosts = info['host']?.split(',') ?? addresses ?? [''];
  if (addresses && addresses.length !== hosts.length) throw notTaken('hostaddr', 'each host has one, or none has');
  if (ports.length > 1 && ports.length !== hosts.length)
    throw notTaken('port', 'each host has one, or all have the same');
  return hosts.map((host, index) => {
    const port = (ports.length > 1 ? ports[index] : ports[0]) ?? PORT;
    if (host.startsWith('@'))
      throw notTaken('host', 'abstract sockets can’t be used; give a folder, a name or an address');
    return { host: host === '' ? usualHost(port) : host, hostaddr: addresses?.[index], port };
  });
}

/** Without a host it is the local server: by its socket, if there is one. */
function usualHost(port: number): string {
  return SOCKET_FOLDERS.find((folder) => existsSync(`${folder}/.s.PGSQL.${port}`)) ?? 'localhost';
}

function configsFor({ host, hostaddr, port }: Host, tries: TlsTries): ClientConfig[] {
  // A local socket is never encrypted.
  if (host.startsWith('/')) return [{ host, port, ssl: false }];
  return tries.map((tls) => ({
    host: hostaddr ?? host,
    port,
    ssl: tls === false ? false : { ...tls, ...(hostaddr !== undefined && { servername: host }) },
  }));
}

function sessionOf(info: ConnInfo): ClientConfig {
  const { options = '', application_name: given = info['fallback_application_name'] ?? '' } = info;
  return {
    application_name: given === '' ? APPLICATION : `${APPLICATION}: ${given}`,
    keepAlive: true,
    types: numbers,
    options: `${SESSION_OPTIONS} ${options}`.trim(),
  };
}

/** The password from a file that the address names. The driver reads libpq's default file itself. */
function passwordIn(info: ConnInfo, target: Host & { user: string; database: string }): string | undefined {
  const { passfile } = info;
  if (passfile === undefined || !existsSync(passfile)) return undefined;
  const host = target.host.startsWith('/') ? 'localhost' : target.host;
  const wanted = [host, String(target.port), target.database, target.user];
  for (const line of readFileSync(passfile, 'utf8').split(/\r?\n/)) {
    const fields = (line.match(/(?:\\.|[^:\\])+/g) ?? []).map((field) => field.replaceAll(/\\(.)/g, '$1'));
    if (line.startsWith('#') || fields.length !== wanted.length + 1) continue;
    if (wanted.every((value, index) => fields[index] === '*' || fields[index] === value)) return fields.at(-1);
  }
  return undefined;
}

function nameOf({ host, port }: Host): string {
  return `${host.includes(':') ? `[${host}]` : host}${port === PORT ? '' : `:${port}`}`;
}
