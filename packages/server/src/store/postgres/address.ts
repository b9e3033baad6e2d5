import { type ClientConfig, type CustomTypesConfig, types } from 'pg';
import { StartError } from '../../errors.js';

/** The name under which Madang's connections stand in `pg_stat_activity`. */
export const APPLICATION = 'madang';

/** What every session of ours begins with. Compiling a plan costs more than any query of ours. */
export const SESSION_OPTIONS = '-c jit=off';

const INT8 = 20;

/** BIGINT comes back as a number: seqs, counts and times in ms stay below 2^53. */
const numbers: CustomTypesConfig = {
  getTypeParser: ((oid: number, format?: 'text' | 'binary') =>
    oid === INT8 ? Number : types.getTypeParser(oid, format)) as CustomTypesConfig['getTypeParser'],
};

/** Where a database is. */
export interface PostgresAddress {
  /** What every connection of ours begins with, for each server that may be the primary. */
  readonly servers: readonly ClientConfig[];
  /** The address as it may be printed: without the password. */
  readonly name: string;
}

/** Scheme, user and password, hosts with their ports, and the rest. A list of hosts is no URL as the standard has them. */
const ADDRESS = /^(postgres(?:ql)?:\/\/)(?:([^/?#]*)@)?([^/?#]*)(.*)$/;

/**
 * Reads an address such as `postgres://user:password@host:5432/database`, with several hosts as libpq takes them:
 * `postgres://user:password@one:5432,two:5432/database`. Whatever its `target_session_attrs` says, the one that takes
 * writes is used.
 * @throws StartError that doesn't repeat the address, for it may hold a password
 */
export function parseAddress(url: string): PostgresAddress {
  const [, scheme = '', credentials, hosts = '', rest = ''] = ADDRESS.exec(url) ?? [];
  const login = credentials === undefined ? '' : `${credentials}@`;
  const addresses = hosts.split(',').map((host) => oneAddress(`${scheme}${login}${host}${rest}`));
  const [first] = addresses as [URL];
  const where = hosts === '' ? (first.searchParams.get('host') ?? 'localhost') : hosts;
  return {
    servers: addresses.map((address) => ({
      connectionString: address.href,
      application_name: APPLICATION,
      keepAlive: true,
      types: numbers,
      options: SESSION_OPTIONS,
    })),
    name: `postgres://${first.username === '' ? '' : `${first.username}@`}${where}${first.pathname}`,
  };
}

/** The user in an address that may be printed, if it names one. */
export function userIn(name: string): string | undefined {
  const user = ADDRESS.exec(name)?.[2];
  return user === undefined ? undefined : decodeURIComponent(user);
}

function oneAddress(text: string): URL {
  if (!URL.canParse(text)) {
    throw new StartError(
      'The address of the database is not one of PostgreSQL: it is like postgres://user:password@host:5432/database, with special characters in the password percent-encoded.',
    );
  }
  const address = new URL(text);
  address.searchParams.delete('target_session_attrs');
  return address;
}
