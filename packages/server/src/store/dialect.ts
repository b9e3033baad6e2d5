/** Everything that differs between the engines. All other SQL in `store/` is shared. */
export interface Dialect {
  /** `events.payload` (JSON text) with its `text` replaced by a value. */
  payloadWithText: (value: string) => string;
  /** `events.payload` with an empty `text`, and without what else a message says. */
  payloadErased: string;
  /** `events.payload` without a `text`. */
  payloadWithoutText: string;
  /** The type of a text column that sorts and compares by code points, whatever the database's locale. */
  text: string;
  /** Appended to the definition of a table whose rows are updated often. */
  oftenUpdated: string;
  /** The primary key of `events`. */
  eventsKey: string;
  /** Appended to the definition of `events`. */
  eventsPartition: string;
}

export const sqliteDialect: Dialect = {
  payloadWithText: (value) => `json_set(payload, '$.text', ${value})`,
  payloadErased: `json_remove(json_set(payload, '$.text', ''), '$.mentions')`,
  payloadWithoutText: `json_remove(payload, '$.text')`,
  text: 'TEXT',
  oftenUpdated: '',
  eventsKey: 'room_id, seq',
  eventsPartition: '',
};

export const postgresDialect: Dialect = {
  payloadWithText: (value) => `jsonb_set(payload::jsonb, '{text}', to_jsonb(${value}::text))::text`,
  payloadErased: `(jsonb_set(payload::jsonb, '{text}', '""') - 'mentions')::text`,
  payloadWithoutText: `(payload::jsonb - 'text')::text`,
  text: 'TEXT COLLATE "C"',
  // Free space on each page, so that a new head needs no new index entries.
  oftenUpdated: 'WITH (fillfactor = 70)',
  // The key of a partitioned table must include `at`. The lock on the room's row keeps (room_id, seq) unique.
  eventsKey: 'room_id, seq, at',
  eventsPartition: 'PARTITION BY RANGE (at)',
};
