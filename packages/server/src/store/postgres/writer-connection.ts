import type { Client, ClientConfig } from 'pg';
import type { Servers } from './servers.js';

/**
 * How long a commit may take, in ms. Together with the time for connecting it keeps the promise that a send is refused
 * within 5 s when PostgreSQL is gone without a word: one batch that hangs, and the next that finds nobody there.
 */
const COMMIT_MS = 3000;

/** How long another node's lock is waited for. Less than a commit's time, so that the connection lives on. */
const LOCK_MS = 2000;

/** A node that froze in the middle of a transaction loses it and its locks after so long. */
const IDLE_IN_TRANSACTION_MS = 2000;

/**
 * For so many appends its statements' plans are kept. PostgreSQL keeps them until it analyzes a table; the plan of a workspace
 * that was just begun, to read all of a table that hardly holds anything, would be kept for a minute of thousands.
 */
const APPENDS_A_PLAN = 1000;

/** What the writer's session is like. Its statements look for keys, which ones makes no difference to their plans. */
const SETTINGS: ClientConfig = {
  pipeline: true,
  options: '-c plan_cache_mode=force_generic_plan',
  query_timeout: COMMIT_MS,
  statement_timeout: COMMIT_MS - 200,
  lock_timeout: LOCK_MS,
  idle_in_transaction_session_timeout: IDLE_IN_TRANSACTION_MS,
};

/** The one connection that commits batches. It comes by itself, and comes again when it broke. */
export class WriterConnection {
  readonly #servers: Servers;
  #client: Promise<Client> | undefined;
  #appendsSincePlan = 0;

  constructor(servers: Servers) {
    this.#servers = servers;
  }

  /** The connection, to commit so many appends. Rejects when there is none to be had. */
  async use(appends: number): Promise<Client> {
    this.#client ??= this.#connect();
    const client = await this.#client;
    this.#appendsSincePlan += appends;
    if (this.#appendsSincePlan >= APPENDS_A_PLAN) {
      this.#appendsSincePlan = 0;
      // Goes ahead of the commit, in one go with it; what breaks it breaks that too.
      client.query('DISCARD PLANS').catch(() => undefined);
    }
    return client;
  }

  /** Gives the connection up after an error that leaves open in what state it is. */
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
