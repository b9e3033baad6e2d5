/** Everything that the engines write differently. All other SQL in `store/` is the same for both. */
export interface Dialect {
  /** `events.payload` (JSON text) with its `text` set to a value. */
  payloadWithText: (value: string) => string;
  /** `events.payload` without a `text`. */
  payloadWithoutText: string;
  /** A column of text that sorts and compares by code points, whatever the database's language. */
  text: string;
  /** What follows a table's columns when its rows are updated all the time. */
  oftenUpdated: string;
  /** The primary key of `events`. */
  eventsKey: string;
  /** What follows the columns of `events`. */
  eventsPartition: string;
}

export const sqliteDialect: Dialect = {
  payloadWithText: (value) => `json_set(payload, '$.text', ${value})`,
  payloadWithoutText: `json_remove(payload, '$.text')`,
  text: 'TEXT',
  oftenUpdated: '',
  eventsKey: 'room_id, seq',
  eventsPartition: '',
};

export const postgresDialect: Dialect = {
  payloadWithText: (value) => `jsonb_set(payload::jsonb, '{text}', to_jsonb(${value}::text))::text`,
  payloadWithoutText: `(payload::jsonb - 'text')::text`,
  text: 'TEXT COLLATE "C"',
  // Room on each page, so that a new head needs no new index entries.
  oftenUpdated: 'WITH (fillfactor = 70)',
  // A partitioned table's key must hold `at`. That (room_id, seq) is unique is kept by the room's row lock.
  eventsKey: 'room_id, seq, at',
  eventsPartition: 'PARTITION BY RANGE (at)',
};
