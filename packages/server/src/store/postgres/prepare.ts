import { Kysely, PostgresDialect } from 'kysely';
import type { Client, ClientConfig } from 'pg';
import { StartError } from '../../errors.js';
import { postgresDialect } from '../dialect.js';
import { migrate, refuseForeign } from '../migrate.js';
import type { Schema } from '../schema.js';
import type { PostgresAddress } from './address.js';
import { explain } from './failures.js';
import { ensurePartitions } from './partitions.js';
import { Servers } from './servers.js';

const OLDEST_VERSION = 14;

/** Held while a node looks at and changes the tables, so that ten may start at once; a number of our own. */
const PREPARE_LOCK = 7_232_310_001;

/** How long a connection may take, in ms. */
const CONNECT_MS = 5000;

/** How long a node waits for another that upgrades the tables, in ms. */
const PREPARE_MS = 60_000;

/**
 * Sees to it that a database is one that we can trust, and has today's tables. Returns its epoch.
 * @throws StartError in plain words
 */
export async function prepare(address: PostgresAddress): Promise<string> {
  return withClient(address, async (client) => {
    await refuseUnfit(client, address.name);
    await client.query(`SET lock_timeout = ${PREPARE_MS}`);
    await client.query('SELECT pg_advisory_lock($1)', [PREPARE_LOCK]);
    const db = kyselyOn(client);
    await refuseForeign(db, address.name);
    const epoch = await migrate(db, postgresDialect);
    const now = Date.now();
    await ensurePartitions(client, { from: now, now });
    return epoch;
  });
}

/**
 * Runs work on a connection of its own, without time limits for statements.
 * @throws StartError in plain words
 */
export async function withClient<Result>(
  address: PostgresAddress,
  work: (client: Client) => Promise<Result>,
): Promise<Result> {
  const client = await connect(address);
  try {
    return await work(client);
  } catch (error) {
    throw explain(address.name, error);
  } finally {
    // What the session locked is free when it ends.
    await client.end().catch(() => undefined);
  }
}

/**
 * Opens a connection to the primary, without time limits for statements.
 * @throws StartError in plain words
 */
export async function connect(address: PostgresAddress, settings: ClientConfig = {}): Promise<Client> {
  try {
    return await new Servers(address.servers).connect(settings, CONNECT_MS);
  } catch (error) {
    throw explain(address.name, error);
  }
}

/** Typed queries, and transactions, on one connection. */
export function kyselyOn(client: Client): Kysely<Schema> {
  const connection = { query: client.query.bind(client), release: () => undefined };
  const pool = { connect: () => Promise.resolve(connection), end: () => Promise.resolve() };
  return new Kysely<Schema>({ dialect: new PostgresDialect({ pool }) });
}

async function refuseUnfit(client: Client, name: string): Promise<void> {
  const { rows } = await client.query<Record<string, string>>(
    `SELECT current_setting('server_version') AS version, current_setting('server_encoding') AS encoding,
       current_setting('synchronous_commit') AS synchronous, current_setting('fsync') AS fsync,
       current_schema() AS schema`,
  );
  const server = rows[0] ?? {};
  const refuse = (words: string): never => {
    throw new StartError(`${words} (${name})`);
  };
  if (Number.parseInt(server['version'] ?? '', 10) < OLDEST_VERSION) {
    refuse(`PostgreSQL ${server['version']} is too old: Madang needs ${OLDEST_VERSION} or newer.`);
  }
  if (server['encoding'] !== 'UTF8') {
    refuse(`The database's encoding is ${server['encoding']}; make one with ENCODING 'UTF8'.`);
  }
  if (server['synchronous'] === 'off') {
    refuse(
      'PostgreSQL would lose acknowledged messages: set synchronous_commit to on, for this user and database too.',
    );
  }
  if (server['fsync'] === 'off') refuse('PostgreSQL would lose acknowledged messages: set fsync to on.');
  if (!server['schema']) refuse('This user has no schema to make tables in: grant one, or set search_path.');
}
