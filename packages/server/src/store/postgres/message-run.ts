import type { Change } from '../changes.js';
import { contentColumns, contentValues, typedContentColumns } from '../content.js';
import { type Append, type AppendResult, isMessage, type NewEvent } from '../store.js';
import type { Statement } from './pipeline.js';

/** The content's columns, which are also the names of its fields in the rows of JSON. */
const columns = contentColumns.map((column) => `"${column}"`).join(', ');

/**
 * The hot path: any number of messages, in any number of rooms, as one statement. The statement before it locks
 * the rooms' rows, so this one sees current heads, members and messages. It has no ON CONFLICT: if another node takes a
 * clientId in another room at the very same moment, the transaction fails and is retried.
 *
 * The lateral joins with LIMIT hold the planner to one index probe per row, however wrong its statistics are.
 */
export const insertMessages: Statement = {
  name: 'insert-messages',
  text: `WITH judged AS (
      SELECT sent.*, room_now.head, CASE
          WHEN sent.guard IS NOT NULL AND member_now.there IS NULL THEN 'refused'
          WHEN room_now.head IS NULL THEN 'missing'
          WHEN known.there IS NOT NULL THEN 'unchanged'
        END AS verdict
      FROM json_to_recordset($1::json) AS sent (ord int, room text, author text, "authorName" text,
        at bigint, "clientId" text, guard text, payload text, ${typedContentColumns})
      LEFT JOIN LATERAL (SELECT head FROM rooms WHERE id = sent.room LIMIT 1) AS room_now ON TRUE
      LEFT JOIN LATERAL (SELECT TRUE AS there FROM members
        WHERE room_id = sent.room AND user_id = sent.guard LIMIT 1) AS member_now ON TRUE
      LEFT JOIN LATERAL (SELECT TRUE AS there FROM messages
        WHERE author_id = sent.author AND client_id = sent."clientId" LIMIT 1) AS known ON TRUE
    ), numbered AS MATERIALIZED (
      SELECT *, CASE WHEN verdict IS NULL
        THEN head + row_number() OVER (PARTITION BY room, verdict ORDER BY ord) END AS seq FROM judged
    ), new_messages AS (
      INSERT INTO messages (room_id, seq, author_id, author_name, at, client_id, ${columns})
      SELECT room, seq, author, "authorName", at, "clientId", ${columns} FROM numbered WHERE verdict IS NULL
    ), new_events AS (
      INSERT INTO events (room_id, seq, name, at, actor_id, actor_name, payload)
      SELECT room, seq, 'message.created', at, author, "authorName", payload FROM numbered WHERE verdict IS NULL
    ), new_heads AS (
      UPDATE rooms SET head = newest.head
      FROM (SELECT room, max(seq) AS head FROM numbered WHERE verdict IS NULL GROUP BY room) AS newest
      WHERE rooms.id = newest.room
    )
    SELECT ord, verdict, seq FROM numbered`,
};

/** The key by which a repeated message is recognised. */
export function repeatKey(append: Append): string | undefined {
  const change = append.events[0]?.changes[0];
  if (change?.kind !== 'insertMessage' || change.clientId === null) return undefined;
  return `${append.actor.id} ${change.clientId}`;
}

/** Whether a batch can go as one {@link insertMessages}: messages without repeats. */
export function isMessageRun(batch: readonly Append[]): boolean {
  const seen = new Set<string>();
  return batch.every((append) => {
    if (!isMessage(append)) return false;
    const key = repeatKey(append);
    if (key === undefined) return true;
    const isNew = !seen.has(key);
    seen.add(key);
    return isNew;
  });
}

/** The values of {@link insertMessages}. JSON is the cheapest way to pass many rows. */
export function messageValues(run: readonly Append[]): [string] {
  const rows = run.map(({ room, actor, at, guard, events }, ord) => {
    const { payload, changes } = events[0] as NewEvent;
    const { content, clientId } = changes[0] as Extract<Change, { kind: 'insertMessage' }>;
    const author = { author: actor.id, authorName: actor.name };
    const row: Record<string, unknown> = {
      ord,
      room,
      ...author,
      at,
      clientId,
      guard,
      payload: JSON.stringify(payload),
    };
    for (const [index, value] of contentValues(content).entries()) row[contentColumns[index] as string] = value;
    return row;
  });
  return [JSON.stringify(rows)];
}

/** The results of {@link insertMessages}, one per append of the run. */
export function messageResults(run: readonly Append[], rows: Record<string, unknown>[]): AppendResult[] {
  const results: AppendResult[] = [];
  for (const row of rows) results[row['ord'] as number] = resultOf(run, row);
  return results;
}

function resultOf(run: readonly Append[], row: Record<string, unknown>): AppendResult {
  switch (row['verdict']) {
    case 'refused':
      return { status: 'refused' };
    case 'unchanged':
      return { status: 'unchanged' };
    case 'missing':
      return { status: 'failed', reason: `There is no room ${run[row['ord'] as number]?.room}` };
    default:
      return { status: 'appended', seqs: [row['seq'] as number] };
  }
}
