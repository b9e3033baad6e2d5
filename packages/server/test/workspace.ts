import type { MessageContent, UserRef } from '@madang/protocol';
import { newEvent } from '../dist/log/projections.js';
import type { EventRecord, Schema } from '../dist/store/schema.js';
import type { Append, AppendResult, NewEvent, Store } from '../dist/store/store.js';

export const ann: UserRef = { id: 'g-ann', name: 'Ann' };
export const bob: UserRef = { id: 'g-bob', name: '밥' };

/** 2026-01-02T03:04:05Z: a fixed time, so that rows can be compared. */
export const AT = 1_767_323_045_000;

/** An append, with the fields that most of them share. */
export function append(room: string, events: NewEvent | NewEvent[], more: Partial<Append> = {}): Append {
  return { room, actor: ann, at: AT, events: Array.isArray(events) ? events : [events], ...more };
}

/** A plain message. */
export function say(room: string, text: string, more: Partial<Append> & { clientId?: string } = {}): Append {
  const { clientId, ...rest } = more;
  return append(room, newEvent.messageCreated({ text }, clientId), rest);
}

/** A message as events refer to it. */
interface Subject {
  id: string;
  seq: number;
  clientId?: string;
  /** Its content before; by default empty. */
  content?: MessageContent;
}

/** An edit of a message. */
export function edit(message: Subject, text: string, was?: string): NewEvent {
  return newEvent.messageEdited({ clientId: undefined, content: { text }, ...message }, { text }, was);
}

/** The deletion of a message. */
export function remove(message: Subject): NewEvent {
  return newEvent.messageDeleted({ clientId: undefined, content: { text: '' }, ...message }, ann.id);
}

/** A reaction to a message, or its withdrawal. */
export function reactionTo({ id, seq: message }: Subject, emoji: string, action: 'added' | 'removed'): NewEvent {
  return newEvent.ofMessage(
    'message.reacted',
    { id, seq: message },
    { emoji, action },
    action === 'added'
      ? { kind: 'insertReaction', message, emoji, maxEmoji: 20 }
      : { kind: 'deleteReaction', message, emoji },
  );
}

/** A message is pinned, if the room has fewer than `most` pinned ones. */
export function pinOf({ id, seq: message }: Subject, most = 50): NewEvent {
  return newEvent.ofMessage('message.pinned', { id, seq: message }, {}, { kind: 'pinMessage', message, most });
}

/** A message is no longer pinned. */
export function unpinOf({ id, seq: message }: Subject): NewEvent {
  return newEvent.ofMessage('message.unpinned', { id, seq: message }, {}, { kind: 'unpinMessage', message });
}

/** A public room, created and owned by Ann. */
export function makeRoom(room: string, name = room, more: { clientId?: string; uniqueKey?: string } = {}): Append {
  return append(room, [
    newEvent.roomCreated({
      kind: 'public',
      name,
      topic: '',
      creator: ann.id,
      clientId: more.clientId ?? null,
      uniqueKey: more.uniqueKey ?? `name:${name}`,
    }),
    newEvent.memberJoined(ann, 'owner'),
  ]);
}

/** A user joins a room. */
export function join(room: string, user: UserRef): Append {
  return append(room, newEvent.memberJoined(user, 'member'), { actor: user });
}

/** A user leaves a room. */
export function leave(room: string, user: UserRef): Append {
  return append(room, newEvent.memberLeft(user, 'left'), { actor: user });
}

/** Commits one append. */
export async function commitOne(store: Store, one: Append): Promise<AppendResult> {
  const [result] = await store.commit([one]);
  if (!result) throw new Error('no result');
  return result;
}

/** The seqs of what was appended; 0 for every other result. */
export function seqsOf(results: AppendResult[]): number[] {
  return results.map((result) => (result.status === 'appended' ? (result.seqs[0] ?? 0) : 0));
}

/** All events of a room. */
export function eventsOf(store: Store, room: string): Promise<EventRecord[]> {
  return store.events(room, 0, 100_000);
}

/** 1, 2, 3 … n. */
export function upTo(n: number): number[] {
  return Array.from({ length: n }, (_, index) => index + 1);
}

/** Every row of every table, as one text. */
export async function dump(store: Store): Promise<string> {
  const tables: (keyof Schema)[] = [
    ...(['users', 'names', 'sessions', 'rooms', 'members', 'reads', 'events', 'messages'] as const),
    ...(['reactions', 'reader_cursors', 'message_numbers', 'mentions'] as const),
  ];
  const rows = await Promise.all(tables.map((table) => store.read.selectFrom(table).selectAll().execute()));
  return JSON.stringify([store.epoch, ...rows]);
}

let rooms = 0;

/** Creates a new room; returns its id. */
export async function createRoom(store: Store): Promise<string> {
  rooms += 1;
  await store.commit([makeRoom(`r${rooms}`)]);
  return `r${rooms}`;
}

/** Commits a message; returns its id and seq. */
export async function sendMessage(store: Store, room: string, text: string): Promise<{ id: string; seq: number }> {
  const [seq = 0] = seqsOf(await store.commit([say(room, text)]));
  return { id: `${room}.${seq}`, seq };
}
