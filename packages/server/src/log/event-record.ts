import type { EventName, LoggedEvent, Message, UserRef } from '@madang/protocol';
import type { EventRecord } from '../store/schema.js';

/** A message's id from its place. */
export function messageIdOf(room: string, seq: number): string {
  return `${room}.${seq}`;
}

/** A message's place from its id. */
export function placeOf(messageId: string): { room: string; seq: number } {
  const dot = messageId.lastIndexOf('.');
  return { room: messageId.slice(0, dot), seq: Number(messageId.slice(dot + 1)) };
}

/** An event as clients see it, without its name: what goes out over `on(name, …)`. */
export function eventBody(record: EventRecord): Record<string, unknown> {
  const { room_id: room, seq, at } = record;
  const actor: UserRef = { id: record.actor_id, name: record.actor_name };
  const own = JSON.parse(record.payload) as Record<string, unknown>;
  if (record.name !== 'message.created') return { room, seq, at, actor, ...own };
  const message = { id: messageIdOf(room, seq), room, seq, author: actor, at, ...own } as Message;
  return { room, seq, at, actor, message };
}

/** An event with its name, as `log.read` and `sync` give it. */
export function loggedEvent(record: EventRecord): LoggedEvent {
  return { name: record.name, ...eventBody(record) } as LoggedEvent;
}

/** Whether an event changes who is in its room. */
export function changesMembership(name: EventName): boolean {
  return name === 'member.joined' || name === 'member.left';
}
