import { setTimeout } from 'node:timers/promises';
import type { Kysely } from 'kysely';
import type { Client } from 'pg';
import { StartError } from '../../errors.js';
import type { Logger } from '../../logger.js';
import { type CopiedTable, type CopySide, type Row, saveMark } from '../copy-side.js';
import type { Schema } from '../schema.js';
import { APPLICATION, parseAddress } from './address.js';
import { explain } from './failures.js';
import { ensurePartitions } from './partitions.js';
import { connect, kyselyOn, prepare } from './prepare.js';

/** The application name of a copy's own connection, which tells it from a server's. */
const COPIER = 'madang copy';

/** How long the connections of a server that was just stopped may take to disappear, in ms. */
const ENDING_MS = 2000;

/**
 * Opens a PostgreSQL database for a copy. Refuses if servers are running on it.
 * @throws StartError in plain words
 */
export async function openPostgresSide(url: string, logger: Logger): Promise<CopySide> {
  const address = parseAddress(url);
  await prepare(address, logger);
  const client = await connect(address, { application_name: COPIER });
  const side = new PostgresSide(address.name, client);
  try {
    await side.refuseServers();
    return side;
  } catch (error) {
    await side[Symbol.asyncDispose]();
    throw explain(address.name, error);
  }
}

class PostgresSide implements CopySide {
  readonly name: string;
  readonly db: Kysely<Schema>;
  readonly #client: Client;

  constructor(name: string, client: Client) {
    this.name = name;
    this.#client = client;
    this.db = kyselyOn(client);
  }

  async refuseServers(): Promise<void> {
    const end = performance.now() + ENDING_MS;
    while (await this.#isInUse()) {
      if (performance.now() > end)
        throw new StartError(`The database ${this.name} is in use by a Madang. Stop every server on it.`);
      await setTimeout(100);
    }
  }

  async #isInUse(): Promise<boolean> {
    const { rows } = await this.#client.query<{ count: number }>(
      'SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND (application_name = $1 OR starts_with(application_name, $2))',
      [APPLICATION, `${APPLICATION}: `],
    );
    return rows[0]?.count !== 0;
  }

  expect(oldest: number): Promise<void> {
    return ensurePartitions(this.#client, { from: oldest, now: Date.now() });
  }

  async write(table: CopiedTable, rows: Row[], mark: string): Promise<void> {
    const columns = Object.keys(rows[0] ?? {}).join(', ');
    await this.#client.query('BEGIN');
    await this.#client.query(
      `INSERT INTO ${table} (${columns}) SELECT ${columns} FROM json_populate_recordset(NULL::${table}, $1)`,
      [JSON.stringify(rows)],
    );
    await this.#client.query(saveMark('$1'), [mark]);
    await this.#client.query('COMMIT');
  }

  async finish(): Promise<void> {
    // Without statistics the first queries would be planned as if the tables were empty.
    await this.#client.query('ANALYZE');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#client.end();
  }
}
