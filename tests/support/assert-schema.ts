import { type CommandName, commands, events, signals } from '@madang/protocol';
import { deepStrictEqual, ok } from 'node:assert';
import type { OutboundEvent } from './transport-client.ts';

/** A schema as far as a test needs it. */
interface Schema {
  safeParse(value: unknown): { success: boolean; data?: unknown; error?: Error };
}

/**
 * Throws unless a command's answer is as its row says, and has nothing beside it, however deep inside: a field that the row
 * doesn't know may be one that nobody was to see. An event of the log is as its own row says.
 */
export function assertAnswerSchema(name: CommandName, answer: unknown): void {
  exactly(commands[name].output, answer, name);
  for (const { type, ...body } of loggedEvents(answer)) assertEventSchema({ name: type, body }, `${name}: ${type}`);
}

/** Throws unless an event or a signal is as its row says, with nothing beside it. */
export function assertEventSchema({ name, body }: OutboundEvent, where = name): void {
  const row = { ...events, ...signals }[name as keyof typeof events] as { schema: Schema } | undefined;
  ok(row, `${where}: there is no such event or signal`);
  exactly(row.schema, body, where);
}

/** Parsing leaves out what a schema does not know. */
function exactly(schema: Schema, value: unknown, where: string): void {
  const { success, data, error } = schema.safeParse(value);
  ok(success, `${where}: ${error?.message}`);
  deepStrictEqual(value, data, `${where} has more than its row says: ${JSON.stringify(value)}`);
}

/** What holds events as the log has them. */
interface WithEvents {
  events?: { type: string; [field: string]: unknown }[];
}

/** The events of the log in an answer of `log.read` or `sync`. */
function loggedEvents(answer: unknown): NonNullable<WithEvents['events']> {
  const { events: own = [], rooms = {} } = answer as WithEvents & { rooms?: Record<string, WithEvents> };
  return [...own, ...Object.values(rooms).flatMap((room) => room.events ?? [])];
}
