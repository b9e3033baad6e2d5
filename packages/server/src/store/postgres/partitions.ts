import type { ClientBase } from 'pg';

/** How many months ahead have their partition. */
const MONTHS_AHEAD = 3;

/** How long the making of a partition waits for those who read, in ms; the next time is soon enough. */
const LOCK_MS = 2000;

/** How long the dropping of a month waits for those who use the log, in ms. Whoever comes meanwhile waits behind it. */
const DROP_LOCK_MS = 250;

/** Serialises all that changes the partitions; a number of our own. */
const PARTITION_LOCK = 7_232_310_002;

interface Month {
  table: string;
  from: number;
  to: number;
}

/**
 * The log's partitions: one for each month of `at` (UTC), and `events_rest` as a net for what belongs to no month yet.
 * Retention drops whole months. Making a month takes what the net has of it, so that nothing is left behind when a clock
 * was wrong or an old log was copied in.
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
 * Drops the months that ended before a moment, with all their events, one after the other. Answers which.
 * @throws an error of which `isLocked` is true, when the log is in use just now
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
 * Drops months that are further ahead than any that is made, if nothing is in them: they are of a clock that was wrong.
 * What is in them is brought back, or removed, by retention.
 * @throws an error of which `isLocked` is true, when the log is in use just now
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

/** When the newest of the months ended that were over before a moment; undefined when there is none. */
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
  // Attaching checks the net for rows of the month; nobody may add one between the move and that.
  if (rest.rowCount) await client.query('LOCK TABLE events_rest IN ACCESS EXCLUSIVE MODE');
  await client.query(`CREATE TABLE ${table} (LIKE events INCLUDING DEFAULTS)`);
  if (rest.rowCount) {
    await client.query(
      `WITH moved AS (DELETE FROM events_rest WHERE at >= ${from} AND at < ${to} RETURNING *)
       INSERT INTO ${table} SELECT * FROM moved`,
    );
  }
  // CREATE TABLE … PARTITION OF would stop all who read or write the log; attaching stops only the net.
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
  /** When its month begins and ends; undefined for the net. */
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

/** When the last month begins that is made ahead. */
function monthAhead(now: number): number {
  const date = new Date(now);
  return Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + MONTHS_AHEAD);
}
