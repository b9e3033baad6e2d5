import { type ClientConfig, type CustomTypesConfig, types } from 'pg';
import { StartError } from '../../errors.js';

/** The name under which Madang's connections stand in `pg_stat_activity`. */
export const APPLICATION = 'madang';

const INT8 = 20;

/** BIGINT comes back as a number: seqs, counts and times in ms stay below 2^53. */
const numbers: CustomTypesConfig = {
  getTypeParser: ((oid: number, format?: 'text' | 'binary') =>
    oid === INT8 ? Number : types.getTypeParser(oid, format)) as CustomTypesConfig['getTypeParser'],
};

/** Where a database is. */
export interface PostgresAddress {
  /** What every connection of ours begins with. */
  readonly config: ClientConfig;
  /** The address as it may be printed: without the password. */
  readonly name: string;
}

/**
 * Reads an address such as `postgres://user:password@host:5432/database`.
 * @throws StartError that doesn't repeat the address, for it may hold a password
 */
export function parseAddress(url: string): PostgresAddress {
  return {
    config: {
      connectionString: url,
      application_name: APPLICATION,
      keepAlive: true,
      types: numbers,
      // Compiling a plan costs more than any query of ours.
      options: '-c jit=off',
    },
    name: printable(url),
  };
}

function printable(url: string): string {
  try {
    const { protocol, username, host, pathname, searchParams } = new URL(url);
    if (protocol !== 'postgres:' && protocol !== 'postgresql:') throw new Error('another protocol');
    const where = host === '' ? (searchParams.get('host') ?? 'localhost') : host;
    return `postgres://${username === '' ? '' : `${username}@`}${where}${pathname}`;
  } catch {
    throw new StartError(
      'The address of the database is not one of PostgreSQL: it is like postgres://user:password@host:5432/database, with special characters in the password percent-encoded.',
    );
  }
}
