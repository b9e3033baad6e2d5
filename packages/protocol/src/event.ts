import { z } from 'zod';
import type { Language, Text } from './command.js';
import { roomId, seq, timestamp, userRef } from './fields.js';

/** Common to all events: the room, the seq, the time of the commit, and who caused it. */
const eventBase = { room: roomId, seq, at: timestamp, actor: userRef };

/** A row of the table of events: what a room's log keeps. */
export interface EventRow<Name extends string, Schema extends z.ZodObject> {
  name: Name;
  doc: Text;
  schema: Schema;
  /** The event as a line in line mode; undefined if it isn't worth one. */
  line(event: z.infer<Schema>, language: Language): string | undefined;
}

/** A row of the table of signals: sent once and not kept. */
export interface SignalRow<Name extends string, Schema extends z.ZodObject> {
  name: Name;
  doc: Text;
  schema: Schema;
}

/** Defines an event. `fields` are its own, besides `room`, `seq`, `at` and `actor`. */
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
