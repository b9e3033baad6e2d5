import { Kysely, PostgresDialect } from 'kysely';
import type { Client, ClientConfig } from 'pg';
import { StartError } from '../../errors.js';
import type { Logger } from '../../logger.js';
import { postgresDialect } from '../dialect.js';
import { enterHistory, metaKeys, NEW_EPOCH, positionOf, readMeta, startNewEpoch } from '../epoch.js';
import { migrate, refuseForeign } from '../migrate.js';
import type { Schema } from '../schema.js';
import { parseAddress, type PostgresAddress } from './address.js';
import { DatabaseClock } from './database-clock.js';
import { explain } from './failures.js';
import { databaseIdOf, decideAlone, hasNewTimeline, readHistory, whyAnother } from './history.js';
import { ensurePartitions } from './partitions.js';
import { Servers } from './servers.js';

const OLDEST_VERSION = 14;

/**
 * Advisory lock held while a node checks and changes the tables, so that ten may start at once; an arbitrary number.
 */
const PREPARE_LOCK = 7_232_310_001;

/** How long a connection may take, in ms. */
const CONNECT_MS = 5000;

/** How long a node waits for another that is upgrading the tables, in ms. */
const PREPARE_MS = 60_000;

/** Where a node starts from. */
export interface Beginning {
  epoch: string;
  /** Names the database, whatever happens to its epoch. */
  databaseId: string;
  /** The sum of all rooms' heads. */
  position: number;
  clock: DatabaseClock;
}

/**
 * Checks that a database can be trusted, and brings its tables up to date. Begins a new epoch if it doesn't continue
 * what its nodes had.
 * @throws StartError in plain words
 */
export async function prepare(address: PostgresAddress, logger: Logger): Promise<Beginning> {
  return withClient(address, async (client) => {
    await refuseUnfit(client, address.name);
    await client.query(`SET lock_timeout = ${PREPARE_MS}`);
    await client.query('SELECT pg_advisory_lock($1)', [PREPARE_LOCK]);
    const db = kyselyOn(client);
    await refuseForeign(db, address.name);
    await migrate(db, postgresDialect);
    const clock = await DatabaseClock.read(client);
    const now = clock.now();
    await ensurePartitions(client, { from: now, now });
    return { ...(await decideAlone(client, () => begin(client, logger))), clock };
  });
}

/**
 * Begins a new epoch of the database at an address. Its nodes adopt it.
 * @throws StartError in plain words
 */
export function beginNewEpochAt(url: string): Promise<void> {
  return withClient(parseAddress(url), (client) => startNewEpoch(kyselyOn(client)));
}

async function begin(client: Client, logger: Logger): Promise<Omit<Beginning, 'clock'>> {
  const db = kyselyOn(client);
  const history = await readHistory(client);
  const position = await positionOf(db);
  const written = await readMeta(db, metaKeys.history);
  const reason =
    (await readMeta(db, metaKeys.newEpoch)) ??
    (position === 0 ? undefined : whyAnother(history, written)) ??
    // Nodes that were running then compare what they know, and record the new timeline.
    (hasNewTimeline(history, written) ? 'another server took over while no node ran' : undefined);
  const epoch = await enterHistory(db, JSON.stringify(history), reason !== undefined);
  if (reason !== undefined) logger.warn({ epoch, reason }, NEW_EPOCH);
  return { epoch, databaseId: databaseIdOf(history), position };
}

/**
 * Runs `work` on a connection of its own, without statement timeouts.
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
    // Ending the session releases its locks.
    await client.end().catch(() => undefined);
  }
}

/**
 * Opens a connection to the primary, without statement timeouts.
 * @throws StartError in plain words
 */
export async function connect(address: PostgresAddress, settings: ClientConfig = {}): Promise<Client> {
  try {
    return await new Servers(address.servers).connect(settings, address.connectMs ?? CONNECT_MS);
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
