import { Client, type ClientBase, type ClientConfig, DatabaseError } from 'pg';
import { ReadOnlyError } from './failures.js';

/** How long a connection may take until it is known to be one to a primary, in ms. */
const CONNECT_MS = 1500;

/**
 * The servers of a database, of which one at a time is the primary. After a fail-over it is another; or the same address
 * leads to another machine. All of ours go to the primary: a standby may be behind (S6).
 */
export class Servers {
  readonly #servers: readonly (readonly ClientConfig[])[];
  #primary: ClientConfig;
  #instance = '';
  #looking: Promise<void> | undefined;
  #meeting: { instance: string; met: Promise<void> } | undefined;
  readonly #onOther: (client: Client) => Promise<void>;

  /**
   * `servers`: for each the ways to try, one after the other. `onOther` is awaited when the primary is another running server
   * than before, before anything is asked of it.
   */
  constructor(
    servers: readonly (readonly ClientConfig[])[],
    onOther: (client: Client) => Promise<void> = () => Promise.resolve(),
  ) {
    this.#servers = servers;
    this.#onOther = onOther;
    this.#primary = servers[0]?.[0] ?? {};
  }

  /** Where the primary was the last time that it was found. */
  get primary(): ClientConfig {
    return this.#primary;
  }

  /** Which running server that was; empty before. Connections that were made while it was another lead elsewhere. */
  get instance(): string {
    return this.#instance;
  }

  /**
   * Connects to the primary. All servers are asked at the same time, so that one that is gone without a word costs
   * nothing while another answers.
   * @throws what the servers said, within `timeoutMs` (1500 if absent)
   */
  async connect(settings: ClientConfig, timeoutMs = CONNECT_MS): Promise<Client> {
    const attempts = this.#servers.map((ways) => openAnyWay(ways, settings, timeoutMs));
    try {
      const { client, config, instance } = await Promise.any(attempts);
      // Two that both take writes are possible, if nobody saw to it that the old primary is off: one must do.
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

  /** Looks at a server that was not the primary before, once for all who find it at the same time. */
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

  /** Finds the primary, if it can be found; several calls are one. */
  look(): Promise<void> {
    this.#looking ??= this.connect({})
      .then(end, ignore)
      .finally(() => (this.#looking = undefined));
    return this.#looking;
  }
}

/**
 * Checks that a connection is to a server that takes writes. Answers which running server it is.
 * @throws ReadOnlyError when it takes none, another error when it doesn't say in time
 */
export async function refuseReadOnly(client: ClientBase, timeoutMs: number): Promise<string> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${timeoutMs} ms`)), timeoutMs);
  });
  try {
    const asked = client.query<{ readonly: string; instance: string }>(
      `SELECT current_setting('transaction_read_only') AS readonly, pg_postmaster_start_time()::text AS instance`,
    );
    const { rows } = await Promise.race([asked, late]);
    const [server] = rows;
    if (server?.readonly !== 'off') throw new ReadOnlyError();
    return server.instance;
  } finally {
    clearTimeout(timer);
  }
}

/** Where encryption is refused, or its absence, the next way is tried. */
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
      // A server without TLS says nothing by refusing it; what it said before does.
      throw hasNoTls(other) ? error : other;
    }
  }
}

/** What an address says of a session goes with what a connection needs for itself. */
function optionsOf(...configs: readonly ClientConfig[]): string {
  return configs.flatMap(({ options }) => options ?? []).join(' ');
}

/** The driver says that the server has no TLS, or the server that nobody is let in this way. */
function isAboutTls(error: unknown): boolean {
  return error instanceof DatabaseError ? error.code === '28000' : hasNoTls(error);
}

function hasNoTls(error: unknown): boolean {
  return error instanceof Error && error.message.includes('does not support SSL');
}

async function open(config: ClientConfig, timeoutMs: number): Promise<{ client: Client; instance: string }> {
  const client = new Client({ ...config, connectionTimeoutMillis: timeoutMs });
  // A broken connection also fails the statement that is under way.
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

/** Of what several servers said: what one that takes writes has against us, or else all of it. */
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
