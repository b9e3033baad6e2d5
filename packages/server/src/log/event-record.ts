import type { EditedContent, EventName, EventOf, LoggedEvent } from '@madang/protocol';
import type { CreatedPayload, PayloadOf } from '../store/payload.js';
import type { EventRecord } from '../store/schema.js';
import type { Append, NewEvent } from '../store/store.js';
import { CommittedEvent, type EventPlace } from './committed.js';

/** A logged event as everybody may read it, with the `clientId` that only its author may read. */
export interface LogEntry {
  event: LoggedEvent;
  clientId: string | undefined;
}

/** A committed event: its name tells what its body has. */
export type NamedEvent = { [Name in EventName]: { name: Name; body: EventOf<Name> } }[EventName];

/** A message's id from its place. */
export function messageIdOf(room: string, seq: number): string {
  return `${room}.${seq}`;
}

/** A message's place from its id. */
export function placeOf(messageId: string): { room: string; seq: number } {
  const dot = messageId.lastIndexOf('.');
  return { room: messageId.slice(0, dot), seq: Number(messageId.slice(dot + 1)) };
}

/** An event that has just been committed as `seq`. */
export function newlyCommitted(append: Append, event: NewEvent, seq: number): CommittedEvent {
  const { room, at, actor } = append;
  if (event.name === 'message.created') return created({ room, seq, at, actor }, event.payload);
  return new CommittedEvent(event.name, { room, seq, at, actor, ...event.payload, ...event.content });
}

/** A logged event as it was committed, except that a message has its current content (S8). */
export function committedEvent(record: EventRecord): CommittedEvent {
  const { name, room_id: room, seq, at, edited_content: edited } = record;
  const actor = { id: record.actor_id, name: record.actor_name };
  const payload = JSON.parse(record.payload) as PayloadOf<EventName>;
  if (name === 'message.created') return created({ room, seq, at, actor }, payload as CreatedPayload);
  const content = edited === null ? undefined : (JSON.parse(edited) as EditedContent);
  return new CommittedEvent(name, { room, seq, at, actor, ...payload, ...content });
}

function created(place: EventPlace, { clientId, ...rest }: CreatedPayload): CommittedEvent {
  const { room, seq, at, actor } = place;
  const message = { id: messageIdOf(room, seq), ...rest };
  return new CommittedEvent('message.created', { room, seq, at, actor, message }, clientId);
}

/** An event with its name as `type`, as `log.read` and `sync` give it. */
export function logEntry(event: CommittedEvent): LogEntry {
  return { event: loggedEvent(event), clientId: event.clientId };
}

/** The same, without what only its author may read. */
function loggedEvent({ name, body }: CommittedEvent): LoggedEvent {
  return { type: name, ...body } as LoggedEvent;
}

/** A logged event as one user may read it. */
export function toldTo(reader: string, { event, clientId }: LogEntry): LoggedEvent {
  if (clientId === undefined || event.type !== 'message.created' || event.actor.id !== reader) return event;
  return { ...event, message: { ...event.message, clientId } };
}

/** The length of an event's text, in characters. */
export function textCharsOf(event: LoggedEvent): number {
  if (event.type === 'message.created') return event.message.text.length;
  return event.type === 'message.edited' ? (event.text?.length ?? 0) : 0;
}

/** Whether an event changes who is in its room. */
export function changesMembership(name: string): boolean {
  return name === 'member.joined' || name === 'member.left';
}
