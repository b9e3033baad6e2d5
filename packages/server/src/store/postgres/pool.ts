import { Kysely, PostgresDialect, type PostgresPoolClient } from 'kysely';
import { type ClientBase, Pool, type PoolClient, type QueryConfig } from 'pg';
import type { Schema } from '../schema.js';
import type { StoreHealth } from '../health.js';
import { runPrepared } from '../prepared.js';
import { asUnavailable, failureOf, isContention, isUnavailable, sqlState } from './failures.js';
import type { Statement } from './pipeline.js';
import { refuseReadOnly, type Servers } from './servers.js';

/** How long a read may wait for a connection, and how long it may take, in ms. With the check below, less than 5 s. */
const CONNECT_MS = 1200;
const QUERY_MS = 3000;

/** How long a new connection may take to prove that it leads to the primary, in ms. */
const CHECK_MS = 500;

/** How long an idle connection is kept, in ms. */
const IDLE_MS = 30_000;

/** SQLSTATE: the server accepts no writes. */
const READ_ONLY = '25006';

/**
 * The connections for everything but commits, all to the primary. Their errors are `unavailable` while PostgreSQL is
 * gone. They reconnect automatically.
 */
export class QueryPool {
  readonly #servers: Servers;
  readonly #max: number;
  readonly #health: StoreHealth;
  #pool: Pool;
  /** The server instance that the pool's connections lead to. */
  #instance: string;
  #isClosed = false;
  /** Each statement commits on its own. */
  readonly kysely: Kysely<Schema>;

  constructor(servers: Servers, max: number, health: StoreHealth) {
    this.#servers = servers;
    this.#health = health;
    this.#max = max;
    this.#instance = servers.instance;
    this.#pool = newPool(servers, max);
    const connect = async () => (await this.#connect()) as PostgresPoolClient;
    this.kysely = new Kysely<Schema>({ dialect: new PostgresDialect({ pool: { connect, end: () => this.#end() } }) });
    // Planning the query of a room for a user takes several times what running it does.
    runPrepared(this.kysely, ({ name, text }, values) => this.query({ name, text }, values));
  }

  /** Runs a statement that is prepared. */
  async query<Row>(statement: Statement, values: unknown[]): Promise<Row[]> {
    const client = await this.#connect();
    try {
      const { rows } = await client.query({ ...statement, values });
      return rows as Row[];
    } finally {
      client.release();
    }
  }

  close(): Promise<void> {
    return this.kysely.destroy().then(() => this.#end());
  }

  #end(): Promise<void> {
    this.#isClosed = true;
    return this.#pool.ended ? Promise.resolve() : this.#pool.end();
  }

  async #connect(): Promise<GuardedClient> {
    this.#followPrimary();
    try {
      return guarded(await this.#pool.connect(), (error) => {
        if (sqlState(error) === READ_ONLY) void this.#servers.look();
        if (isUnavailable(error)) this.#health.failed(failureOf(error), false);
      });
    } catch (error) {
      this.#health.failed(failureOf(error), false);
      // The primary may have changed: the next caller must find the new one.
      void this.#servers.look();
      throw asUnavailable(error);
    }
  }

  /** Drops the connections to a server that is no longer the primary. */
  #followPrimary(): void {
    if (this.#isClosed || this.#instance === this.#servers.instance) return;
    this.#instance = this.#servers.instance;
    const left = this.#pool;
    this.#pool = newPool(this.#servers, this.#max);
    left.end().catch(() => undefined);
  }
}

function newPool(servers: Servers, max: number): Pool {
  const { instance } = servers;
  const pool = new Pool({
    ...servers.primary,
    max,
    connectionTimeoutMillis: CONNECT_MS,
    idleTimeoutMillis: IDLE_MS,
    query_timeout: QUERY_MS,
    statement_timeout: QUERY_MS - 200,
    // Not `verify`: pg-pool never gets back the connection of a caller whose time ran out meanwhile.
    // oxlint-disable-next-line typescript/no-misused-promises -- pg-pool waits for it, which its types don't say
    onConnect: (client) => admit(client, instance),
  });
  // An idle connection broke; the pool has already dropped it.
  pool.on('error', ignore);
  return pool;
}

/**
 * Admits a new connection if it leads to the known primary. Another server has to be checked first.
 * @throws otherwise
 */
async function admit(client: ClientBase, instance: string): Promise<void> {
  const found = await refuseReadOnly(client, CHECK_MS);
  if (instance !== '' && found !== instance) throw new Error('another server has taken its place');
}

function ignore(): void {
  return undefined;
}

type GuardedClient = ReturnType<typeof guarded>;

/**
 * A pool's connection that is discarded once it breaks, and retries a statement that another one got in the way of.
 * `onFailure` receives every error.
 */
function guarded(client: PoolClient, onFailure: (error: unknown) => void) {
  let isBroken = false;
  const query = async (asked: string | QueryConfig, values?: unknown[], attempt = 1): Promise<Answer> => {
    try {
      const answer = await client.query<Record<string, unknown>>(asked, values);
      return { ...answer, rowCount: answer.rowCount ?? 0 };
    } catch (error) {
      if (attempt === 1 && isContention(error)) return query(asked, values, 2);
      // After an error of the driver itself, the connection may still be busy.
      isBroken ||= (sqlState(error) === '' && isUnavailable(error)) || sqlState(error) === READ_ONLY;
      onFailure(error);
      throw asUnavailable(error);
    }
  };
  // The pool handles errors of idle connections only. An error between two statements would end the process.
  const hear = () => {
    isBroken = true;
  };
  client.on('error', hear);
  const release = () => {
    client.off('error', hear);
    client.release(isBroken);
  };
  return { query, release };
}

interface Answer {
  command: string;
  rowCount: number;
  rows: Record<string, unknown>[];
}
