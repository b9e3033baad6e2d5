import { type Kysely, sql } from 'kysely';
import { randomBytes } from 'node:crypto';
import type { Client } from 'pg';
import type { Clock } from '../../clock.js';
import type { Logger } from '../../logger.js';
import { enterHistory, metaKeys, NEW_EPOCH, readMeta, writeMeta } from '../epoch.js';
import { PROBE_CHARS, StoreHealth } from '../health.js';
import { refuseUnfinishedCopy } from '../migrate.js';
import { setBlocked } from '../queries/blocks.js';
import { releaseLease, takeLease } from '../queries/leases.js';
import { raiseLogStart } from '../queries/retention.js';
import type { EventRecord, Schema } from '../schema.js';
import type { Append, AppendResult, Lease, LogMonths, RoomAccess, Store, Transaction } from '../store.js';
import { AccessReader } from './access.js';
import { parseAddress, type PostgresAddress } from './address.js';
import { commitBatch } from './batch.js';
import { DATABASE_TIME, DatabaseClock } from './database-clock.js';
import { readEvents } from './events.js';
import { asUnavailable, explain, failureOf, isLocked, isUnavailable } from './failures.js';
import {
  databaseIdOf,
  decideAlone,
  hasNewTimeline,
  readHistory,
  type SeenEvent,
  whyAnother,
  Witness,
} from './history.js';
import { dropFarMonths, dropPartitionsBefore, ensurePartitions, newestEndBefore } from './partitions.js';
import { QueryPool } from './pool.js';
import { type Beginning, kyselyOn, prepare, withClient } from './prepare.js';
import { Servers } from './servers.js';
import { transact } from './transact.js';
import { unavailable } from '../unavailable.js';
import { WriterConnection } from './writer-connection.js';

/** How often a node checks that the coming months have partitions, in ms. */
const PARTITIONS_EVERY_MS = 6 * 3600_000;

/** How often a node checks for a new epoch, and reads the database's clock, in ms. */
const EPOCH_EVERY_MS = 2000;

/**
 * Opens the PostgreSQL store at an address. Creates its tables if they don't exist, and migrates older ones.
 * `connections` is the most that this node holds: one commits, the others read.
 * @throws StartError in plain words: not reachable, not let in, too old, unsafe, newer. It never contains the password.
 */
export async function openPostgresStore(url: string, connections: number, logger: Logger): Promise<Store> {
  const address = parseAddress(url);
  const store = new PostgresStore(address, await prepare(address, logger), connections, logger);
  try {
    await store.findPrimary();
    await refuseUnfinishedCopy(store.read, address.name);
    await store.check();
    return store;
  } catch (error) {
    await store.close();
    throw explain(address.name, error);
  }
}

class PostgresStore implements Store {
  readonly clock: DatabaseClock;
  readonly months: LogMonths;
  readonly #logger: Logger;
  readonly #health: StoreHealth;
  readonly #witness: Witness;
  readonly #servers: Servers;
  readonly #epochTimer: NodeJS.Timeout;
  readonly #epochListeners: (() => void)[] = [];
  #epoch: string;
  #databaseId: string;
  readonly #address: PostgresAddress;
  readonly #pool: QueryPool;
  readonly #writer: WriterConnection;
  readonly #access: AccessReader;
  readonly #partitionTimer: NodeJS.Timeout;
  /** The previous commit: they run one after the other, in the order of the calls. */
  #last: Promise<unknown> = Promise.resolve();
  #closing: Promise<void> | undefined;

  constructor(address: PostgresAddress, beginning: Beginning, connections: number, logger: Logger) {
    const { epoch, databaseId, position, clock } = beginning;
    this.clock = clock;
    this.#epoch = epoch;
    this.#databaseId = databaseId;
    this.#address = address;
    this.months = {
      newestEnd: (before) => withClient(address, (client) => newestEndBefore(client, before)),
      drop: (before) => withClient(address, (client) => dropUnlessLocked(client, before)),
    };
    this.#logger = logger;
    this.#health = new StoreHealth(logger);
    this.#witness = new Witness(position);
    this.#servers = new Servers(address.servers, (client) => decideAlone(client, () => this.#survey(client)));
    this.#pool = new QueryPool(this.#servers, Math.max(1, connections - 1), this.#health);
    this.#writer = new WriterConnection(this.#servers);
    this.#access = new AccessReader(this.#pool);
    this.#partitionTimer = setInterval(() => void makePartitions(address, clock), PARTITIONS_EVERY_MS).unref();
    this.#epochTimer = setInterval(() => void this.#lookAtEpoch(), EPOCH_EVERY_MS).unref();
  }

  get epoch(): string {
    return this.#epoch;
  }

  get databaseId(): string {
    return this.#databaseId;
  }

  get trouble(): string | undefined {
    return this.#health.trouble;
  }

  get notice(): undefined {
    return undefined;
  }

  onNewEpoch(listener: () => void): void {
    this.#epochListeners.push(listener);
  }

  saw(event: SeenEvent): void {
    this.#witness.saw(event);
  }

  /** Finds out which instance is the primary, so that a change is noticed. */
  findPrimary(): Promise<void> {
    return this.#servers.look();
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

  raiseLogStart(room: string, seq: number): Promise<void> {
    return raiseLogStart(this.write, room, seq);
  }

  transact(transaction: Transaction): Promise<boolean> {
    return transact(this.write, transaction);
  }

  takeLease(lease: Lease, ms: number): Promise<boolean> {
    return takeLease(this.write, lease, { ms, now: DATABASE_TIME });
  }

  releaseLease(lease: Lease): Promise<void> {
    return releaseLease(this.write, lease);
  }

  async check(): Promise<void> {
    if (this.#health.isDoubtful) throw unavailable(this.#health.trouble);
    // As large as a real send and different each time, so that a full disk or a standby shows.
    const value = randomBytes(PROBE_CHARS / 2).toString('hex');
    try {
      await writeMeta(this.write, metaKeys.probe, value);
      this.#health.worked();
    } catch (error) {
      this.#health.failed(failureOf(error));
      throw error;
    }
  }

  close(): Promise<void> {
    return (this.#closing ??= this.#close());
  }

  async #commit(batch: readonly Append[]): Promise<AppendResult[]> {
    if (batch.length === 0) return [];
    try {
      const results = await commitBatch(await this.#writer.use(batch.length), batch);
      this.#health.worked();
      this.#witness.sawCommit(batch, results);
      return results;
    } catch (error) {
      this.#writer.drop();
      if (isUnavailable(error)) this.#health.failed(failureOf(error));
      throw asUnavailable(error);
    }
  }

  /**
   * Checks, before a new primary or other tables are used, that they have everything this node knows to be committed.
   * Throws while they are still being restored.
   */
  async #survey(client: Client): Promise<void> {
    const db = kyselyOn(client);
    const history = await readHistory(client);
    const written = await readMeta(db, metaKeys.history);
    const epoch = await readMeta(db, metaKeys.epoch);
    if (epoch === undefined) throw new Error('its tables are empty');
    if (epoch === this.#epoch) {
      const missing = await this.#witness.missing(client);
      const lost = missing > 0 ? `${missing} of the events that were told are not in it` : undefined;
      const reason = whyAnother(history, written) ?? lost;
      if (reason !== undefined || hasNewTimeline(history, written)) {
        await enterHistory(db, JSON.stringify(history), reason !== undefined);
      }
      if (reason !== undefined) this.#logger.warn({ reason }, NEW_EPOCH);
    }
    this.#databaseId = databaseIdOf(history);
    this.#takeEpoch((await readMeta(db, metaKeys.epoch)) ?? this.#epoch);
  }

  /**
   * Another node or an operator may have begun a new epoch, or somebody has restored the tables. Reads the clock as
   * well.
   */
  async #lookAtEpoch(): Promise<void> {
    try {
      const askedAt = performance.now();
      const { rows } = await sql<{ epoch: string; tables: string; now: number }>`SELECT value AS epoch,
        concat_ws('.', (SELECT oid FROM pg_database WHERE datname = current_database()), to_regclass('meta')::oid)
          AS tables, ${sql.raw(DATABASE_TIME)} AS now
        FROM meta WHERE key = ${metaKeys.epoch}`.execute(this.read);
      const [found] = rows;
      if (!found) return;
      this.clock.set(found.now, askedAt);
      if (this.databaseId.endsWith(`.${found.tables}`)) this.#takeEpoch(found.epoch);
      else await withClient(this.#address, (client) => decideAlone(client, () => this.#survey(client)));
    } catch {
      // Callers that need the database get the error themselves.
    }
  }

  #takeEpoch(epoch: string): void {
    if (epoch === this.#epoch) return;
    this.#epoch = epoch;
    this.#witness.forget();
    this.#logger.warn({ epoch }, 'this node adopts a new epoch; its clients reconnect and load everything again');
    for (const listener of this.#epochListeners) listener();
  }

  async #close(): Promise<void> {
    clearInterval(this.#partitionTimer);
    clearInterval(this.#epochTimer);
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

/** Failures do no harm, since the default partition takes rows without one: the next attempt comes. */
async function makePartitions(address: PostgresAddress, clock: Clock): Promise<void> {
  const now = clock.now();
  await withClient(address, async (client) => {
    await ensurePartitions(client, { from: now, now });
    await dropFarMonths(client, now);
  }).catch(() => undefined);
}
