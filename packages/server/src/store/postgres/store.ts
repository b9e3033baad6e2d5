import type { Kysely } from 'kysely';
import type { Client } from 'pg';
import { refuseUnfinishedCopy } from '../migrate.js';
import { setBlocked } from '../queries/blocks.js';
import { raiseFloor } from '../queries/retention.js';
import type { EventRecord, Schema } from '../schema.js';
import type { Append, AppendResult, LogMonths, RoomAccess, Store } from '../store.js';
import { AccessReader } from './access.js';
import { parseAddress, type PostgresAddress } from './address.js';
import { commitBatch } from './batch.js';
import { readEvents } from './events.js';
import { asUnavailable, explain, isLocked } from './failures.js';
import { dropPartitionsBefore, ensurePartitions, newestEndBefore } from './partitions.js';
import { QueryPool } from './pool.js';
import { connect, prepare, withClient } from './prepare.js';
import { Servers } from './servers.js';
import { WriterConnection } from './writer-connection.js';

/** How often a node looks whether the months ahead have their partitions, in ms. */
const PARTITIONS_EVERY_MS = 6 * 3600_000;

/** Held by the node that runs {@link Store.alone}'s work; a number of our own. */
const ALONE_LOCK = 7_232_310_003;

/**
 * Opens the PostgreSQL store at an address; makes its tables if they aren't there, migrates them if they are older.
 * `connections` is how many this node holds at most: one commits, the others read.
 * @throws StartError in plain words: not reachable, not let in, too old, unsafe, newer. It never holds the password.
 */
export async function openPostgresStore(url: string, connections: number): Promise<Store> {
  const address = parseAddress(url);
  const epoch = await prepare(address);
  const store = new PostgresStore(address, epoch, connections);
  try {
    await refuseUnfinishedCopy(store.read, address.name);
    await store.check();
    return store;
  } catch (error) {
    await store.close();
    throw explain(address.name, error);
  }
}

class PostgresStore implements Store {
  readonly epoch: string;
  readonly #address: PostgresAddress;
  readonly #pool: QueryPool;
  readonly #writer: WriterConnection;
  readonly #access: AccessReader;
  readonly #partitionTimer: NodeJS.Timeout;
  /** The commit before the next one: they go one after the other, in the order in which they were asked for. */
  #last: Promise<unknown> = Promise.resolve();
  #closing: Promise<void> | undefined;

  constructor(address: PostgresAddress, epoch: string, connections: number) {
    this.epoch = epoch;
    this.#address = address;
    const servers = new Servers(address.servers);
    this.#pool = new QueryPool(servers, Math.max(1, connections - 1));
    this.#writer = new WriterConnection(servers);
    this.#access = new AccessReader(this.#pool);
    this.#partitionTimer = setInterval(() => void makePartitions(address), PARTITIONS_EVERY_MS).unref();
  }

  get read(): Kysely<Schema> {
    return this.#pool.kysely;
  }

  get write(): Kysely<Schema> {
    return this.#pool.kysely;
  }

  commit(batch: readonly Append[]): Promise<AppendResult[]> {
    const commit = () => this.#commit(batch);
    const committed = this.#last.then(commit, commit);
    this.#last = committed;
    return committed;
  }

  access(room: string, user: string): Promise<RoomAccess | undefined> {
    return this.#access.read(room, user);
  }

  events(room: string, after: number, limit: number): Promise<EventRecord[]> {
    return readEvents(this.#pool, room, after, limit);
  }

  setBlocked(room: string, blocked: boolean): Promise<void> {
    return setBlocked(this.write, room, blocked);
  }

  raiseFloor(room: string, seq: number): Promise<void> {
    return raiseFloor(this.write, room, seq);
  }

  async alone(work: (months: LogMonths) => Promise<void>): Promise<boolean> {
    const client = await connect(this.#address);
    try {
      const { rows } = await client.query<{ mine: boolean }>('SELECT pg_try_advisory_lock($1) AS mine', [ALONE_LOCK]);
      if (!rows[0]?.mine) return false;
      await work({
        newestEnd: (before) => newestEndBefore(client, before),
        drop: (before) => dropUnlessLocked(client, before),
      });
      return true;
    } finally {
      // What the session locked is free when it ends.
      await client.end().catch(() => undefined);
    }
  }

  async check(): Promise<void> {
    // A write that changes nothing, so that a full disk or a standby shows.
    await this.write.updateTable('meta').set({ value: this.epoch }).where('key', '=', 'epoch').execute();
  }

  close(): Promise<void> {
    return (this.#closing ??= this.#close());
  }

  async #commit(batch: readonly Append[]): Promise<AppendResult[]> {
    if (batch.length === 0) return [];
    try {
      return await commitBatch(await this.#writer.use(batch.length), batch);
    } catch (error) {
      this.#writer.drop();
      throw asUnavailable(error);
    }
  }

  async #close(): Promise<void> {
    clearInterval(this.#partitionTimer);
    await this.#last.catch(() => undefined);
    await this.#writer.close();
    await this.#pool.close();
  }
}

async function dropUnlessLocked(client: Client, before: number): Promise<boolean> {
  try {
    await dropPartitionsBefore(client, before);
    return true;
  } catch (error) {
    if (isLocked(error)) return false;
    throw error;
  }
}

/** The net takes what has no partition, so a failure is no harm: the next time comes. */
async function makePartitions(address: PostgresAddress): Promise<void> {
  const now = Date.now();
  await withClient(address, (client) => ensurePartitions(client, { from: now, now })).catch(() => undefined);
}
