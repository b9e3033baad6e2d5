import type { Client, ClientConfig } from 'pg';
import type { Servers } from './servers.js';

/**
 * How long a commit may take, in ms. Together with the time for connecting this keeps the promise that a send fails
 * within 5 s when PostgreSQL disappears silently: one batch that hangs, and the next that finds nobody there.
 */
const COMMIT_MS = 3000;

/** How long to wait for another node's lock, in ms. Less than a commit's time, so that the connection survives. */
const LOCK_MS = 2000;

/** A node that froze in a transaction loses it, and its locks, after this time, in ms. */
const IDLE_IN_TRANSACTION_MS = 2000;

/**
 * Plans are kept for this many appends. PostgreSQL itself keeps them until it analyzes a table. In a new workspace that
 * would keep a plan that reads whole tables, made while they were nearly empty, for a minute of thousands of messages.
 */
const APPENDS_A_PLAN = 1000;

/** Session settings of the writer. Its statements look up keys, and which keys makes no difference to their plans. */
const SETTINGS: ClientConfig = {
  pipeline: true,
  options: '-c plan_cache_mode=force_generic_plan',
  query_timeout: COMMIT_MS,
  statement_timeout: COMMIT_MS - 200,
  lock_timeout: LOCK_MS,
  idle_in_transaction_session_timeout: IDLE_IN_TRANSACTION_MS,
};

/** The one connection that commits batches. It connects on first use, and again after it broke. */
export class WriterConnection {
  readonly #servers: Servers;
  #client: Promise<Client> | undefined;
  #appendsSincePlan = 0;

  constructor(servers: Servers) {
    this.#servers = servers;
  }

  /** Returns the connection, for committing this many appends. Rejects if there is none. */
  async use(appends: number): Promise<Client> {
    this.#client ??= this.#connect();
    const client = await this.#client;
    this.#appendsSincePlan += appends;
    if (this.#appendsSincePlan >= APPENDS_A_PLAN) {
      this.#appendsSincePlan = 0;
      // Goes out together with the commit, which fails too if this does.
      client.query('DISCARD PLANS').catch(() => undefined);
    }
    return client;
  }

  /** Drops the connection after an error that leaves its state unknown. */
  drop(): void {
    const dropped = this.#client;
    this.#client = undefined;
    dropped?.then((client) => client.end()).catch(() => undefined);
  }

  async close(): Promise<void> {
    const closing = this.#client;
    this.#client = undefined;
    await closing?.then((client) => client.end()).catch(() => undefined);
  }

  #connect(): Promise<Client> {
    const forget = () => {
      if (this.#client === connected) this.#client = undefined;
    };
    const connected = this.#servers.connect(SETTINGS).then((client) => client.on('error', forget).on('end', forget));
    return connected;
  }
}
