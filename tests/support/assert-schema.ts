import { type CommandName, commands, events, signals } from '@madang/protocol';
import { deepStrictEqual, ok } from 'node:assert';
import type { OutboundEvent } from './transport-client.ts';

/** The part of a schema that these checks need. */
interface Schema {
  safeParse(value: unknown): { success: boolean; data?: unknown; error?: Error };
}

/**
 * Throws unless a command's answer matches its schema exactly, however deeply nested: an unknown field could be one
 * that nobody was meant to see. Events of the log in the answer are checked against their own schemas.
 */
export function assertAnswerSchema(name: CommandName, answer: unknown): void {
  exactly(commands[name].output, answer, name);
  for (const { type, ...body } of loggedEvents(answer)) assertEventSchema({ name: type, body }, `${name}: ${type}`);
}

/** Throws unless an event or a signal matches its schema exactly. */
export function assertEventSchema({ name, body }: OutboundEvent, where = name): void {
  const row = { ...events, ...signals }[name as keyof typeof events] as { schema: Schema } | undefined;
  ok(row, `${where}: there is no such event or signal`);
  exactly(row.schema, body, where);
}

/** Throws if the value does not parse, or if parsing drops something: schemas strip unknown fields. */
function exactly(schema: Schema, value: unknown, where: string): void {
  const { success, data, error } = schema.safeParse(value);
  ok(success, `${where}: ${error?.message}`);
  deepStrictEqual(value, data, `${where} has more than its row says: ${JSON.stringify(value)}`);
}

/** A value that contains events of the log. */
interface WithEvents {
  events?: { type: string; [field: string]: unknown }[];
}

/** The events of the log in an answer of `log.read` or `sync`. */
function loggedEvents(answer: unknown): NonNullable<WithEvents['events']> {
  const { events: own = [], rooms = {} } = answer as WithEvents & { rooms?: Record<string, WithEvents> };
  return [...own, ...Object.values(rooms).flatMap((room) => room.events ?? [])];
}
