import { existsSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { StartError } from '../../errors.js';

/** A connection's settings by libpq's keywords. Host and port may each be a comma-separated list. */
export type ConnInfo = Readonly<Record<string, string>>;

/** Settings that come from the environment if the address lacks them. */
const ENVIRONMENT: Readonly<Record<string, string>> = {
  host: 'PGHOST',
  hostaddr: 'PGHOSTADDR',
  port: 'PGPORT',
  dbname: 'PGDATABASE',
  user: 'PGUSER',
  password: 'PGPASSWORD',
  passfile: 'PGPASSFILE',
  options: 'PGOPTIONS',
  application_name: 'PGAPPNAME',
  sslmode: 'PGSSLMODE',
  sslrootcert: 'PGSSLROOTCERT',
  sslcert: 'PGSSLCERT',
  sslkey: 'PGSSLKEY',
  connect_timeout: 'PGCONNECT_TIMEOUT',
  target_session_attrs: 'PGTARGETSESSIONATTRS',
};

/** System-wide service files, used after the user's own. */
const SERVICE_FILES = ['/etc/postgresql-common/pg_service.conf', '/etc/pg_service.conf'];

const URI = /^postgres(?:ql)?:\/\/(?:([^/?#@]*)@)?([^/?#]*)(?:\/([^?#]*))?(?:\?([^#]*))?$/;

/** Whether a text is the address of a PostgreSQL database, rather than a folder. */
export function isPostgresAddress(text: string): boolean {
  return /^postgres(ql)?:/.test(text) || /^\s*(host|hostaddr|port|dbname|user|service)\s*=/.test(text);
}

/**
 * Parses an address in libpq's forms: a URI, or space-separated `keyword=value` pairs. Whatever it leaves out comes
 * from its service, then from the environment.
 * @throws StartError that doesn't repeat the address, which may hold a password
 */
export function readConnInfo(address: string, environment: NodeJS.ProcessEnv = process.env): ConnInfo {
  const given = /^postgres(ql)?:/.test(address) ? readUri(address) : readKeywords(address);
  const service = given['service'] ?? environment['PGSERVICE'];
  const ofService = service === undefined ? {} : readService(service, environment);
  const ofEnvironment = Object.entries(ENVIRONMENT).flatMap(([keyword, name]) => {
    const value = environment[name];
    return value === undefined || value === '' ? [] : [[keyword, value] as const];
  });
  const { service: _, ...settings } = { ...Object.fromEntries(ofEnvironment), ...ofService, ...given };
  return settings;
}

function readUri(address: string): Record<string, string> {
  const [, login, hosts = '', path = '', query = ''] = URI.exec(address) ?? unreadable();
  const [user = '', ...password] = login?.split(':') ?? [];
  const settings: Record<string, string> = {};
  const set = (keyword: string, value: string) => {
    if (value !== '') settings[keyword] = decoded(value, keyword);
  };
  set('user', user);
  set('password', password.join(':'));
  set('dbname', path);
  const named = hosts === '' ? [] : hosts.split(',').map(readHost);
  if (named.length > 0) {
    set('host', named.map(({ host }) => host).join(','));
    if (named.some(({ port }) => port !== '')) settings['port'] = named.map(({ port }) => port).join(',');
  }
  for (const part of query === '' ? [] : query.split('&')) {
    const [keyword = '', ...value] = part.split('=');
    if (value.length !== 1) throw notTaken(decoded(keyword, 'query'), 'it needs one value');
    settings[decoded(keyword, 'query')] = decoded(value.join('='), keyword);
  }
  return settings;
}

/** One host of a URI with its port. An IPv6 address is in brackets. */
function readHost(text: string): { host: string; port: string } {
  const [, bracketed, plain = '', port = ''] =
    /^(?:\[([^\]]*)\]|([^:[\]]*))(?::(\d*))?$/.exec(text) ?? unreadable('a host or its port');
  return { host: bracketed ?? plain, port };
}

/**
 * Space-separated `keyword=value` pairs. A value with spaces is in single quotes; a backslash escapes the next
 * character.
 */
function readKeywords(text: string): Record<string, string> {
  const settings: Record<string, string> = {};
  const pair = /\s*([A-Za-z_]+)\s*=\s*(?:'((?:[^'\\]|\\.)*)'(?=\s|$)|((?:[^\s'\\]|\\.)*))\s*/gsy;
  while (pair.lastIndex < text.length) {
    const [, keyword = '', quoted, plain = ''] = pair.exec(text) ?? unreadable();
    settings[keyword] = (quoted ?? plain).replaceAll(/\\(.)/gs, '$1');
  }
  return settings;
}

function readService(name: string, environment: NodeJS.ProcessEnv): Record<string, string> {
  const own = environment['PGSERVICEFILE'] ?? join(homedir(), '.pg_service.conf');
  for (const file of [own, ...SERVICE_FILES].filter((each) => existsSync(each))) {
    const settings = serviceIn(readFileSync(file, 'utf8'), name);
    if (settings) return settings;
  }
  throw new StartError(`There is no service ${JSON.stringify(name)} in ${own} or the system's pg_service.conf.`);
}

function serviceIn(text: string, name: string): Record<string, string> | undefined {
  let settings: Record<string, string> | undefined;
  for (const line of text.split(/\r?\n/).map((each) => each.trim())) {
    if (line.startsWith('[')) {
      if (settings) return settings;
      if (line === `[${name}]`) settings = {};
    } else if (settings && line !== '' && !line.startsWith('#')) {
      const at = line.indexOf('=');
      if (at > 0) settings[line.slice(0, at).trim()] = line.slice(at + 1).trim();
    }
  }
  return settings;
}

function decoded(text: string, part: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw notTaken(part, 'a "%" in it must be written %25');
  }
}

/** An error about a part of the address, in words that don't repeat its value. */
export function notTaken(part: string, reason: string): StartError {
  const name = /^\w{1,40}$/.test(part) ? `"${part}"` : 'one';
  return new StartError(`The part ${name} of the database's address is not supported: ${reason}. (See --database.)`);
}

function unreadable(what = 'its form'): never {
  throw new StartError(
    `The address of the database is not a PostgreSQL address (${what}). It should look like postgres://user:password@host:5432/database, with special characters in the password percent-encoded, or like "host=… dbname=…".`,
  );
}
