import { Client, type ClientConfig } from 'pg';

/**
 * How long the writer waits, in ms. Together they keep the promise that a send is refused within 5 s when PostgreSQL is
 * gone without a word: one batch that hangs, and the next that finds nobody there.
 */
const CONNECT_MS = 1500;
const COMMIT_MS = 3000;

/** How long another node's lock is waited for. Less than a commit's time, so that the connection lives on. */
const LOCK_MS = 2000;

/** A node that froze in the middle of a transaction loses it and its locks after so long. */
const IDLE_IN_TRANSACTION_MS = 2000;

/** The one connection that commits batches. It comes by itself, and comes again when it broke. */
export class WriterConnection {
  readonly #config: ClientConfig;
  #client: Promise<Client> | undefined;

  constructor(config: ClientConfig) {
    this.#config = {
      ...config,
      pipeline: true,
      connectionTimeoutMillis: CONNECT_MS,
      query_timeout: COMMIT_MS,
      statement_timeout: COMMIT_MS - 200,
      lock_timeout: LOCK_MS,
      idle_in_transaction_session_timeout: IDLE_IN_TRANSACTION_MS,
    };
  }

  /** The connection. Rejects when there is none to be had. */
  use(): Promise<Client> {
    this.#client ??= this.#connect();
    return this.#client;
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

  async #connect(): Promise<Client> {
    const client = new Client(this.#config);
    const forget = () => {
      if (this.#client === connected) this.#client = undefined;
    };
    client.on('error', forget);
    client.on('end', forget);
    const connected = this.#open(client);
    return connected;
  }

  async #open(client: Client): Promise<Client> {
    await client.connect();
    return client;
  }
}
