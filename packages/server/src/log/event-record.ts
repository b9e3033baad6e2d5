import type { EventName, LoggedEvent } from '@madang/protocol';
import type { EventRecord } from '../store/schema.js';
import type { Append, NewEvent } from '../store/store.js';
import { CommittedEvent, type EventBody } from './committed.js';

/** An event of the log as everybody may read it, and what only its author may. */
export interface LogEntry {
  event: LoggedEvent;
  clientId: string | undefined;
}

/** A message's id from its place. */
export function messageIdOf(room: string, seq: number): string {
  return `${room}.${seq}`;
}

/** A message's place from its id. */
export function placeOf(messageId: string): { room: string; seq: number } {
  const dot = messageId.lastIndexOf('.');
  return { room: messageId.slice(0, dot), seq: Number(messageId.slice(dot + 1)) };
}

/** An event with its place; `own` are the fields that its log keeps. */
function eventAt(
  name: EventName,
  place: Pick<EventBody, 'room' | 'seq' | 'at' | 'actor'>,
  own: Record<string, unknown>,
): CommittedEvent {
  if (name !== 'message.created') return new CommittedEvent(name, { ...place, ...own });
  // Written out: a spread gives each object a shape of its own, and what reads many shapes is slow.
  const { room, seq, at, actor } = place;
  const { text, clientId, mentions } = own;
  const id = messageIdOf(room, seq);
  const message = mentions === undefined ? { id, text } : { id, text, mentions };
  return new CommittedEvent(name, { room, seq, at, actor, message }, clientId as string | undefined);
}

/** An event that has just been committed as `seq`. */
export function newlyCommitted(append: Append, event: NewEvent, seq: number): CommittedEvent {
  const { room, at, actor } = append;
  const own = event.text === undefined ? event.payload : { ...event.payload, text: event.text };
  return eventAt(event.name, { room, seq, at, actor }, own);
}

/** An event from the log, as it was when it was committed; but a message's text is that of now (S8). */
export function committedEvent(record: EventRecord): CommittedEvent {
  const { room_id: room, seq, at } = record;
  const actor = { id: record.actor_id, name: record.actor_name };
  const own = JSON.parse(record.payload) as Record<string, unknown>;
  if (record.edited_text !== null) own['text'] = record.edited_text;
  return eventAt(record.name, { room, seq, at, actor }, own);
}

/** An event with its name as `type`, as `log.read` and `sync` give it. */
export function logEntry({ name, body, clientId }: CommittedEvent): LogEntry {
  return { event: { type: name, ...body } as LoggedEvent, clientId };
}

/** An event from the log with its name as `type`, as everybody may read it. */
export function loggedEvent(record: EventRecord): LoggedEvent {
  return logEntry(committedEvent(record)).event;
}

/** An event of the log as one of its readers is told it. */
export function toldTo(reader: string, { event, clientId }: LogEntry): LoggedEvent {
  if (clientId === undefined || event.type !== 'message.created' || event.actor.id !== reader) return event;
  return { ...event, message: { ...event.message, clientId } };
}

/** Whether an event changes who is in its room. */
export function changesMembership(name: string): boolean {
  return name === 'member.joined' || name === 'member.left';
}
