import type { ClientBase } from 'pg';

/** How many future months have a partition. */
const MONTHS_AHEAD = 3;

/** How long creating a partition waits for readers, in ms. The next attempt comes soon enough. */
const LOCK_MS = 2000;

/** How long dropping a month waits for users of the log, in ms. Whoever comes meanwhile queues behind it. */
const DROP_LOCK_MS = 250;

/** Advisory lock that serialises all changes to the partitions; an arbitrary number. */
const PARTITION_LOCK = 7_232_310_002;

interface Month {
  table: string;
  from: number;
  to: number;
}

/**
 * Creates the log's partitions: one per month of `at` (UTC), and the default partition `events_rest` for rows whose
 * month has none yet. Retention drops whole months. Creating a month moves its rows out of the default partition, so
 * that nothing is left there after a wrong clock or a copy of an old log.
 */
export async function ensurePartitions(client: ClientBase, range: { from: number; now: number }): Promise<void> {
  await inTransaction(client, LOCK_MS, async () => {
    await client.query('CREATE TABLE IF NOT EXISTS events_rest PARTITION OF events DEFAULT');
    const there = new Set((await partitions(client)).map(({ table }) => table));
    for (const month of monthsOf(range.from, range.now)) {
      if (!there.has(month.table)) await makeMonth(client, month);
    }
  });
}

/**
 * Drops the months that ended before a moment, with all their events, one after the other. Returns them.
 * @throws an error for which `isLocked` is true, if the log is in use
 */
export async function dropPartitionsBefore(client: ClientBase, before: number): Promise<string[]> {
  const dropped: string[] = [];
  for (const { table } of await endedBefore(client, before)) {
    await inTransaction(client, DROP_LOCK_MS, async () => void (await client.query(`DROP TABLE ${table}`)));
    dropped.push(table);
  }
  return dropped;
}

/**
 * Drops months beyond those created ahead, if they are empty: a wrong clock made them. Retention corrects or removes
 * any rows in them.
 * @throws an error for which `isLocked` is true, if the log is in use
 */
export async function dropFarMonths(client: ClientBase, now: number): Promise<void> {
  for (const { table, from } of await partitions(client)) {
    if (from === undefined || from <= monthAhead(now)) continue;
    if ((await client.query(`SELECT 1 FROM ${table} LIMIT 1`)).rowCount) continue;
    await inTransaction(client, DROP_LOCK_MS, async () => {
      await client.query(`LOCK TABLE events IN ACCESS EXCLUSIVE MODE`);
      const { rowCount } = await client.query(`SELECT 1 FROM ${table} LIMIT 1`);
      if (!rowCount) await client.query(`DROP TABLE ${table}`);
    });
  }
}

/** The end of the newest month that was over before a moment; undefined if there is none. */
export async function newestEndBefore(client: ClientBase, before: number): Promise<number | undefined> {
  const ends = (await endedBefore(client, before)).map(({ to }) => to);
  return ends.length > 0 ? Math.max(...ends) : undefined;
}

async function endedBefore(client: ClientBase, before: number): Promise<{ table: string; to: number }[]> {
  return (await partitions(client)).flatMap(({ table, to }) =>
    to === undefined || to > before ? [] : [{ table, to }],
  );
}

async function makeMonth(client: ClientBase, { table, from, to }: Month): Promise<void> {
  const bounds = `FOR VALUES FROM (${from}) TO (${to})`;
  const rest = await client.query('SELECT 1 FROM events_rest WHERE at >= $1 AND at < $2 LIMIT 1', [from, to]);
  // Attaching checks the default partition for rows of the month; nobody may add one in between.
  if (rest.rowCount) await client.query('LOCK TABLE events_rest IN ACCESS EXCLUSIVE MODE');
  await client.query(`CREATE TABLE ${table} (LIKE events INCLUDING DEFAULTS)`);
  if (rest.rowCount) {
    await client.query(
      `WITH moved AS (DELETE FROM events_rest WHERE at >= ${from} AND at < ${to} RETURNING *)
       INSERT INTO ${table} SELECT * FROM moved`,
    );
  }
  // CREATE TABLE … PARTITION OF would block all who read or write the log; attaching blocks only the default partition.
  await client.query(`ALTER TABLE events ATTACH PARTITION ${table} ${bounds}`);
}

async function inTransaction(client: ClientBase, lockMs: number, work: () => Promise<void>): Promise<void> {
  await client.query('BEGIN');
  try {
    await client.query(`SET LOCAL lock_timeout = ${lockMs}`);
    await client.query('SELECT pg_advisory_xact_lock($1)', [PARTITION_LOCK]);
    await work();
    await client.query('COMMIT');
  } catch (error) {
    await client.query('ROLLBACK').catch(() => undefined);
    throw error;
  }
}

interface Partition {
  table: string;
  /** When its month begins and ends; undefined for the default partition. */
  from?: number;
  to?: number;
}

async function partitions(client: ClientBase): Promise<Partition[]> {
  const { rows } = await client.query<{ table: string }>(
    `SELECT child.relname AS table FROM pg_inherits JOIN pg_class AS child ON child.oid = inhrelid
     WHERE inhparent = 'events'::regclass ORDER BY child.relname`,
  );
  return rows.map(({ table }) => {
    const [, year, month] = /^events_(\d{4})_(\d\d)$/.exec(table) ?? [];
    if (year === undefined) return { table };
    return { table, from: Date.UTC(Number(year), Number(month) - 1), to: Date.UTC(Number(year), Number(month)) };
  });
}

function monthsOf(from: number, now: number): Month[] {
  const months: Month[] = [];
  const start = new Date(from);
  const end = monthAhead(now);
  for (let year = start.getUTCFullYear(), month = start.getUTCMonth(); Date.UTC(year, month) <= end; month += 1) {
    const first = new Date(Date.UTC(year, month));
    const name = `${first.getUTCFullYear()}_${String(first.getUTCMonth() + 1).padStart(2, '0')}`;
    months.push({ table: `events_${name}`, from: first.getTime(), to: Date.UTC(year, month + 1) });
  }
  return months;
}

/** The beginning of the last month that is created ahead. */
function monthAhead(now: number): number {
  const date = new Date(now);
  return Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + MONTHS_AHEAD);
}
