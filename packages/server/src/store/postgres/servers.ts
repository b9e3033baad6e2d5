import { Client, type ClientBase, type ClientConfig, DatabaseError } from 'pg';
import { withinMs } from '../../within-ms.js';
import { ReadOnlyError } from './failures.js';

/** How long a connection may take until it is known to lead to a primary, in ms. */
const CONNECT_MS = 1500;

/**
 * The servers of a database, one of which is the primary. After a fail-over it is another one, or the same address
 * leads to another machine. All our connections go to the primary: a standby may be behind (S6).
 */
export class Servers {
  readonly #servers: readonly (readonly ClientConfig[])[];
  #primary: ClientConfig;
  #instance = '';
  #looking: Promise<void> | undefined;
  #meeting: { instance: string; met: Promise<void> } | undefined;
  readonly #onOther: (client: Client) => Promise<void>;

  /**
   * `servers` holds, for each server, the settings to try one after the other. If the primary is another instance than
   * before, `onOther` is awaited before the new one is used.
   */
  constructor(
    servers: readonly (readonly ClientConfig[])[],
    onOther: (client: Client) => Promise<void> = () => Promise.resolve(),
  ) {
    this.#servers = servers;
    this.#onOther = onOther;
    this.#primary = servers[0]?.[0] ?? {};
  }

  /** Where the primary was last found. */
  get primary(): ClientConfig {
    return this.#primary;
  }

  /**
   * The instance of that primary, and which database and tables it has; empty before the first. Connections with another
   * one lead elsewhere.
   */
  get instance(): string {
    return this.#instance;
  }

  /**
   * Connects to the primary. Tries all servers at the same time, so that an unresponsive one costs nothing while
   * another answers.
   * @throws the servers' errors, within `timeoutMs` (1500 if absent)
   */
  async connect(settings: ClientConfig, timeoutMs = CONNECT_MS): Promise<Client> {
    const attempts = this.#servers.map((ways) => openAnyWay(ways, settings, timeoutMs));
    try {
      const { client, config, instance } = await Promise.any(attempts);
      // Two servers may both accept writes if nobody stopped the old primary. Only one must be used.
      for (const attempt of attempts)
        void attempt.then((other) => other.client !== client && end(other.client), ignore);
      if (this.#instance !== '' && this.#instance !== instance) await this.#meet(client, instance);
      this.#primary = config;
      this.#instance = instance;
      return client;
    } catch (error) {
      throw mostTelling(error);
    }
  }

  /** Checks a server that was not the primary before, once for all who find it at the same time. */
  async #meet(client: Client, instance: string): Promise<void> {
    if (this.#meeting?.instance !== instance) this.#meeting = { instance, met: this.#onOther(client) };
    try {
      await this.#meeting.met;
    } catch (error) {
      this.#meeting = undefined;
      end(client);
      throw error;
    }
  }

  /** Finds the primary, if it can be found. Concurrent calls share one search. */
  look(): Promise<void> {
    this.#looking ??= this.connect({})
      .then(end, ignore)
      .finally(() => (this.#looking = undefined));
    return this.#looking;
  }
}

/**
 * Checks that a connection leads to a server that accepts writes. Returns the server's instance: it is another one after a
 * restart, and once a backup has taken the place of the database or of its tables.
 * @throws ReadOnlyError if it accepts none, another error if it doesn't answer in time
 */
export async function refuseReadOnly(client: ClientBase, timeoutMs: number): Promise<string> {
  const asked = client.query<{ readonly: string; instance: string }>(
    `SELECT current_setting('transaction_read_only') AS readonly, concat_ws(' ', pg_postmaster_start_time(),
       (SELECT oid FROM pg_database WHERE datname = current_database()), to_regclass('meta')::oid) AS instance`,
  );
  const { rows } = await withinMs(timeoutMs, asked);
  const [server] = rows;
  if (server?.readonly !== 'off') throw new ReadOnlyError();
  return server.instance;
}

/** If encryption, or its absence, is refused, the next settings are tried. */
async function openAnyWay(
  ways: readonly ClientConfig[],
  settings: ClientConfig,
  timeoutMs: number,
): Promise<{ client: Client; instance: string; config: ClientConfig }> {
  const [config = {}, ...others] = ways;
  try {
    return { ...(await open({ ...config, ...settings, options: optionsOf(config, settings) }, timeoutMs)), config };
  } catch (error) {
    if (others.length === 0 || !isAboutTls(error)) throw error;
    try {
      return await openAnyWay(others, settings, timeoutMs);
    } catch (other) {
      // That a server has no TLS says nothing; the error before it does.
      throw hasNoTls(other) ? error : other;
    }
  }
}

/** Joins the address's session options with those that a connection needs. */
function optionsOf(...configs: readonly ClientConfig[]): string {
  return configs.flatMap(({ options }) => options ?? []).join(' ');
}

/** Whether the driver says that the server has no TLS, or the server that it accepts nobody in this mode. */
function isAboutTls(error: unknown): boolean {
  return error instanceof DatabaseError ? error.code === '28000' : hasNoTls(error);
}

function hasNoTls(error: unknown): boolean {
  return error instanceof Error && error.message.includes('does not support SSL');
}

async function open(config: ClientConfig, timeoutMs: number): Promise<{ client: Client; instance: string }> {
  const client = new Client({ ...config, connectionTimeoutMillis: timeoutMs });
  // A broken connection also rejects the statement in progress.
  client.on('error', ignore);
  const start = performance.now();
  await client.connect();
  try {
    const instance = await refuseReadOnly(client, Math.max(1, timeoutMs - (performance.now() - start)));
    return { client, instance };
  } catch (error) {
    end(client);
    throw error;
  }
}

function end(client: Client): void {
  client.end().catch(ignore);
}

/** Of several servers' errors: the objection of one that accepts writes, or else all of them. */
function mostTelling(error: unknown): unknown {
  if (!(error instanceof AggregateError)) return error;
  const errors = error.errors as unknown[];
  const [only] = errors;
  if (errors.length === 1) return only;
  return (
    errors.find((each) => each instanceof DatabaseError) ??
    errors.find((each) => each instanceof ReadOnlyError) ??
    error
  );
}

function ignore(): void {
  return undefined;
}
