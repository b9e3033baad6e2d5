/** Everything that differs between the engines. All other SQL in `store/` is shared. */
export interface Dialect {
  /** `events.payload` (JSON text) with a field replaced by a value of an SQL type. */
  payloadWith: (field: string, value: string, type: 'text' | 'bigint') => string;
  /** `events.payload` without a field. */
  payloadWithout: (field: string) => string;
  /** JSON text of an object, from the names and values of its fields. */
  jsonObject: (fields: readonly [name: string, value: string][]) => string;
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
  jsonObject: (fields) => `json_object(${fields.map(([name, value]) => `'${name}', ${value}`).join(', ')})`,
  payloadWith: (field, value) => `json_set(payload, '$.${field}', ${value})`,
  payloadWithout: (field) => `json_remove(payload, '$.${field}')`,
  text: 'TEXT',
  oftenUpdated: '',
  eventsKey: 'room_id, seq',
  eventsPartition: '',
};

export const postgresDialect: Dialect = {
  jsonObject: (fields) => `json_build_object(${fields.map(([name, value]) => `'${name}', ${value}`).join(', ')})::text`,
  payloadWith: (field, value, type) => `jsonb_set(payload::jsonb, '{${field}}', to_jsonb(${value}::${type}))::text`,
  payloadWithout: (field) => `(payload::jsonb - '${field}')::text`,
  text: 'TEXT COLLATE "C"',
  // Free space on each page, so that a new head needs no new index entries.
  oftenUpdated: 'WITH (fillfactor = 70)',
  // The key of a partitioned table must include `at`. The lock on the room's row keeps (room_id, seq) unique.
  eventsKey: 'room_id, seq, at',
  eventsPartition: 'PARTITION BY RANGE (at)',
};
