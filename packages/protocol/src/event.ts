import { z } from 'zod';
import type { Language, Text } from './command.js';
import { roomId, seq, timestamp, userRef } from './fields.js';

/** What every event has: its room, its place there, when it was committed, who caused it. */
const eventBase = { room: roomId, seq, at: timestamp, actor: userRef };

/** A row of the table of events: what a room's log keeps. */
export interface EventRow<Name extends string, Schema extends z.ZodObject> {
  name: Name;
  doc: Text;
  schema: Schema;
  /** How it reads as a line in line mode; undefined for what isn't worth one. */
  line(event: z.infer<Schema>, language: Language): string | undefined;
}

/** A row of the table of signals: what is told once and not kept. */
export interface SignalRow<Name extends string, Schema extends z.ZodObject> {
  name: Name;
  doc: Text;
  schema: Schema;
}

/** Defines an event. `fields` are its own, beside `room`, `seq`, `at` and `actor`. */
export function defineEvent<Name extends string, Fields extends z.ZodRawShape>(
  name: Name,
  fields: Fields,
  doc: Text,
  line: (event: z.infer<z.ZodObject<typeof eventBase & Fields>>, language: Language) => string | undefined,
) {
  const schema = z.object({ ...eventBase, ...fields }) as unknown as z.ZodObject<typeof eventBase & Fields>;
  return { name, doc, schema, line } satisfies EventRow<Name, typeof schema>;
}

/** Defines a signal. */
export function defineSignal<Name extends string, Fields extends z.ZodRawShape>(name: Name, fields: Fields, doc: Text) {
  return { name, doc, schema: z.object(fields) } satisfies SignalRow<Name, z.ZodObject<Fields>>;
}
