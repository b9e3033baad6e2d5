import type { EventName, LoggedEvent, UserRef } from '@madang/protocol';
import type { EventRecord } from '../store/schema.js';
import type { Append, NewEvent } from '../store/store.js';
import { CommittedEvent } from './committed.js';

/** A message's id from its place. */
export function messageIdOf(room: string, seq: number): string {
  return `${room}.${seq}`;
}

/** A message's place from its id. */
export function placeOf(messageId: string): { room: string; seq: number } {
  const dot = messageId.lastIndexOf('.');
  return { room: messageId.slice(0, dot), seq: Number(messageId.slice(dot + 1)) };
}

/** An event as clients see it, but for its name; `own` are the fields that its log keeps. */
function eventBody(
  name: EventName,
  place: { room: string; seq: number; at: number; actor: UserRef },
  own: Record<string, unknown>,
): Record<string, unknown> {
  if (name !== 'message.created') return { ...place, ...own };
  // Written out: a spread gives each object a shape of its own, and what reads many shapes is slow.
  const { room, seq, at, actor } = place;
  const { text, clientId } = own;
  const id = messageIdOf(room, seq);
  const message =
    clientId === undefined
      ? { id, room, seq, author: actor, at, text }
      : { id, room, seq, author: actor, at, text, clientId };
  return { room, seq, at, actor, message };
}

/** The body of an event that has just been committed as `seq`. */
export function bodyOfNew(append: Append, event: NewEvent, seq: number): Record<string, unknown> {
  const { room, at, actor } = append;
  const own = event.text === undefined ? event.payload : { ...event.payload, text: event.text };
  return eventBody(event.name, { room, seq, at, actor }, own);
}

/** An event from the log with its name as `type`, as `log.read` and `sync` give it. */
export function loggedEvent(record: EventRecord): LoggedEvent {
  const { room_id: room, seq, at } = record;
  const actor: UserRef = { id: record.actor_id, name: record.actor_name };
  const own = JSON.parse(record.payload) as Record<string, unknown>;
  if (record.edited_text !== null) own['text'] = record.edited_text;
  return { type: record.name, ...eventBody(record.name, { room, seq, at, actor }, own) } as LoggedEvent;
}

/** An event from the log, as it was when it was committed; but a message's text is that of now (S8). */
export function committedEvent(record: EventRecord): CommittedEvent {
  const { type, ...body } = loggedEvent(record);
  return new CommittedEvent(type, body, record.room_id, record.seq);
}

/** Whether an event changes who is in its room. */
export function changesMembership(name: string): boolean {
  return name === 'member.joined' || name === 'member.left';
}
