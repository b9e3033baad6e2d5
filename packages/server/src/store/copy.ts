import { createHash, type Hash } from 'node:crypto';
import { type Kysely, sql } from 'kysely';
import { StartError } from '../errors.js';
import type { CopiedTable, CopySide, Row } from './copy-side.js';
import { demandNewEpoch, localKeys, readMeta, writeMeta } from './epoch.js';
import { COPY_KEY } from './migrate.js';
import type { Schema } from './schema.js';

/** Rows to read and write at a time. */
const PAGE = 2000;

/** Every table with its key, which defines the order of copying. Doesn't compile if a table is missing. */
const keys: { [Table in CopiedTable]: (keyof Schema[Table] & string)[] } = {
  users: ['id'],
  names: ['name_key'],
  sessions: ['token_hash'],
  rooms: ['id'],
  members: ['room_id', 'user_id'],
  reads: ['user_id', 'room_id'],
  blocks: ['user_id', 'blocked_id'],
  reactions: ['room_id', 'message_seq', 'emoji', 'user_id'],
  messages: ['room_id', 'seq'],
  events: ['room_id', 'seq'],
  reader_cursors: ['reader', 'room_id'],
  message_numbers: ['room_id', 'author_id', 'block'],
  mentions: ['room_id', 'seq', 'user_id'],
};

const tables = Object.keys(keys) as CopiedTable[];

/** The progress of a copy. It is stored in the target, in the same transaction as each page. */
interface Mark {
  /** The epoch of the history that is copied. */
  epoch: string;
  /** The last row written, by table and key. */
  table?: CopiedTable;
  after?: Row[string][];
  /** Everything is copied and compared. What remains is to record that on both sides. */
  isWhole?: true;
}

/** Progress for the caller to show. */
export interface CopyProgress {
  phase: 'copying' | 'checking';
  table: CopiedTable;
  done: number;
  total: number;
}

/**
 * Copies a workspace from one database into an empty one, or continues an interrupted copy. Afterwards both are read
 * again and compared, table by table and room by room; only then may a server start on the target. The copy keeps the
 * epoch, so that clients continue as if nothing had happened. A server that later starts on the source begins a new
 * epoch.
 * @returns the number of rows
 * @throws StartError in plain words; what was copied stays, and the same copy can be continued
 */
export async function copyWorkspace(
  from: CopySide,
  to: CopySide,
  onProgress: (progress: CopyProgress) => void,
): Promise<number> {
  const epoch = (await readMeta(from.db, 'epoch')) ?? '';
  if ((await readMeta(from.db, COPY_KEY)) !== undefined) {
    throw new StartError(`A copy into ${from.name} itself is not finished. Finish that copy first.`);
  }
  const mark = await begin(to, epoch);
  const total = (await countAll(from.db)).reduce((sum, count) => sum + count, 0);
  if (!mark.isWhole)
    await copyRows(from, to, mark, (table, done) => onProgress({ phase: 'copying', table, done, total }));
  await compare(from, to, (table, checked) => onProgress({ phase: 'checking', table, done: checked, total }));
  if (!mark.isWhole) {
    await copyMeta(from, to);
    await to.finish();
    await writeMeta(to.db, COPY_KEY, JSON.stringify({ epoch, isWhole: true } satisfies Mark));
  }
  // Two databases can't continue the same history: from here on it belongs to the target.
  await demandNewEpoch(from.db, `it was copied to ${to.name}, which goes on with its epoch`);
  await to.db.deleteFrom('meta').where('key', '=', COPY_KEY).execute();
  return total;
}

async function copyRows(
  from: CopySide,
  to: CopySide,
  mark: Mark,
  onCopied: (table: CopiedTable, done: number) => void,
): Promise<void> {
  const oldest = await from.db
    .selectFrom('events')
    .select(sql<number | null>`min(at)`.as('at'))
    .executeTakeFirst();
  await to.expect(oldest?.at ?? Date.now());
  // Tables after the one in progress are still empty.
  let done = (await countAll(to.db)).reduce((sum, count) => sum + count, 0);
  const first = mark.table === undefined ? 0 : tables.indexOf(mark.table);
  for (const table of tables.slice(first)) {
    for await (const rows of pagesOf(from.db, table, table === mark.table ? mark.after : undefined)) {
      const after = keyOf(table, rows.at(-1) as Row);
      await to.write(table, rows, JSON.stringify({ epoch: mark.epoch, table, after } satisfies Mark));
      onCopied(table, (done += rows.length));
    }
  }
}

async function begin(to: CopySide, epoch: string): Promise<Mark> {
  const known = await readMeta(to.db, COPY_KEY);
  if (known !== undefined) {
    const mark = JSON.parse(known) as Mark;
    // A source that was marked as copied has begun a new epoch if it was opened since. The comparison decides.
    if (mark.epoch === epoch || mark.isWhole) return mark;
    throw new StartError(
      `Another workspace is being copied into ${to.name}. Finish that copy, or choose an empty database.`,
    );
  }
  if ((await countAll(to.db)).some((count) => count > 0)) {
    throw new StartError(`${to.name} holds a workspace already. Choose an empty database to copy into.`);
  }
  const mark: Mark = { epoch };
  await writeMeta(to.db, COPY_KEY, JSON.stringify(mark));
  await to.db.updateTable('meta').set({ value: epoch }).where('key', '=', 'epoch').execute();
  return mark;
}

async function copyMeta(from: CopySide, to: CopySide): Promise<void> {
  for (const row of await from.db.selectFrom('meta').selectAll().where('key', 'not in', localKeys).execute()) {
    const { value } = row;
    await to.db
      .insertInto('meta')
      .values(row)
      .onConflict((on) => on.column('key').doUpdateSet({ value }))
      .execute();
  }
}

async function countAll(db: Kysely<Schema>): Promise<number[]> {
  const counts: number[] = [];
  for (const table of tables) {
    const { count } = await db
      .selectFrom(table)
      .select(sql<number>`count(*)`.as('count'))
      .executeTakeFirstOrThrow();
    counts.push(count);
  }
  return counts;
}

/** The rows of a table in the order of its key, which both engines sort in the same way. */
async function* pagesOf(db: Kysely<Schema>, table: CopiedTable, start?: Row[string][]): AsyncGenerator<Row[]> {
  const columns = sql.join(keys[table].map((column) => sql.ref(column)));
  for (let after = start; ;) {
    const beyond = after ? sql`WHERE (${columns}) > (${sql.join(after)})` : sql``;
    const { rows } =
      await sql<Row>`SELECT * FROM ${sql.table(table)} ${beyond} ORDER BY ${columns} LIMIT ${PAGE}`.execute(db);
    if (rows.length > 0) yield rows;
    if (rows.length < PAGE) return;
    after = keyOf(table, rows.at(-1) as Row);
  }
}

function keyOf(table: CopiedTable, row: Row): Row[string][] {
  return keys[table].map((column) => row[column] ?? null);
}

/** Reads both sides again, and throws where they differ. */
async function compare(
  from: CopySide,
  to: CopySide,
  onChecked: (table: CopiedTable, checked: number) => void,
): Promise<void> {
  let checked = 0;
  for (const table of tables) {
    const there = await digest(to.db, table, () => undefined);
    const here = await digest(from.db, table, (rows) => onChecked(table, (checked += rows)));
    for (const room of new Set([...here.keys(), ...there.keys()])) {
      const [source, target] = [here.get(room), there.get(room)];
      if (source?.sum === target?.sum) continue;
      const where = room === '' ? `"${table}"` : `"${table}" of room ${room}`;
      const counts = `${source?.count ?? 0} rows here, ${target?.count ?? 0} there`;
      throw new StartError(
        `The copy differs from ${from.name} in ${where} (${counts}). Was the source written to meanwhile? Empty ${to.name} and copy again.`,
      );
    }
  }
}

/** Counts and checksums of a table, per room if it has rooms. */
async function digest(
  db: Kysely<Schema>,
  table: CopiedTable,
  onRows: (count: number) => void,
): Promise<Map<string, { count: number; sum: string }>> {
  const rooms = new Map<string, { count: number; hash: Hash }>();
  for await (const rows of pagesOf(db, table)) {
    for (const row of rows) {
      const room = String(row['room_id'] ?? '');
      const known = rooms.get(room) ?? { count: 0, hash: createHash('sha256') };
      rooms.set(room, known);
      known.count += 1;
      known.hash.update(
        JSON.stringify(
          Object.keys(row)
            .sort()
            .map((column) => row[column]),
        ),
      );
    }
    onRows(rows.length);
  }
  return new Map([...rooms].map(([room, { count, hash }]) => [room, { count, sum: hash.digest('hex') }]));
}
