import { Kysely, PostgresDialect, type PostgresPoolClient } from 'kysely';
import { type ClientConfig, Pool, type PoolClient, type QueryConfig } from 'pg';
import type { Schema } from '../schema.js';
import { asUnavailable, isContention, isUnavailable, sqlState } from './failures.js';
import type { Statement } from './pipeline.js';

/** How long a read waits for a connection, and how long it may take, in ms; together less than 5 s. */
const CONNECT_MS = 1500;
const QUERY_MS = 3000;

/** How long a connection that nobody needs is kept, in ms. */
const IDLE_MS = 30_000;

/** The connections for all but commits. Their errors say `unavailable` when PostgreSQL is gone; they come back by themselves. */
export class QueryPool {
  readonly #pool: Pool;
  /** Each statement commits by itself. */
  readonly kysely: Kysely<Schema>;

  constructor(config: ClientConfig, max: number) {
    this.#pool = new Pool({
      ...config,
      max,
      connectionTimeoutMillis: CONNECT_MS,
      idleTimeoutMillis: IDLE_MS,
      query_timeout: QUERY_MS,
      statement_timeout: QUERY_MS - 200,
    });
    // A connection that breaks while nobody uses it; the pool has dropped it already.
    this.#pool.on('error', () => undefined);
    const connect = async () => guarded(await this.#connect()) as PostgresPoolClient;
    this.kysely = new Kysely<Schema>({ dialect: new PostgresDialect({ pool: { connect, end: () => this.#end() } }) });
  }

  /** Runs a statement of the hot path. */
  async query<Row>(statement: Statement, values: unknown[]): Promise<Row[]> {
    const client = guarded(await this.#connect());
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
    return this.#pool.ended ? Promise.resolve() : this.#pool.end();
  }

  async #connect(): Promise<PoolClient> {
    try {
      return await this.#pool.connect();
    } catch (error) {
      throw asUnavailable(error);
    }
  }
}

/** A pool's connection that is thrown away when it broke, and tries again what another statement got in the way of. */
function guarded(client: PoolClient) {
  let isBroken = false;
  const query = async (asked: string | QueryConfig, values?: unknown[], attempt = 1): Promise<Answer> => {
    try {
      const answer = await client.query<Record<string, unknown>>(asked, values);
      return { ...answer, rowCount: answer.rowCount ?? 0 };
    } catch (error) {
      if (attempt === 1 && isContention(error)) return query(asked, values, 2);
      // The driver's own errors leave open what the connection is still busy with.
      isBroken ||= sqlState(error) === '' && isUnavailable(error);
      throw asUnavailable(error);
    }
  };
  // The pool hears of idle connections only; one that ends between two statements would end the process.
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
