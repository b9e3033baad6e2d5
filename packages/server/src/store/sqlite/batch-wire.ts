import type { Change } from '../changes.js';
import { contentColumns, contentFrom, contentValues } from '../content.js';
import { type Append, type AppendResult, furtherChanges, isMessage, type NewEvent } from '../store.js';

/**
 * How batches go to the write thread and results come back: as a flat list of texts and numbers. Its structured clone
 * costs less than half of JSON on both sides, or of cloning many small objects.
 */
export type BatchWire = (string | number | null)[];

/** Results by append: only a number if there is nothing else to say. */
export type ResultsWire = (number | AppendResult)[];

type InsertMessage = Extract<Change, { kind: 'insertMessage' }>;

/** An append in the form that the write thread takes: the events' own fields are already text. */
export type WrittenAppend = Omit<Append, 'events'> & { events: WrittenEvent[] };

type WrittenEvent = Pick<NewEvent, 'name' | 'messageSeq' | 'changes'> & { payload: string };

/** The first value of an append: a message, a message with further changes, or anything else. */
const MESSAGE = 0;
const MESSAGE_AND_MORE = 1;
const OTHER = 2;

/** How many values of a message come before its content. */
const HEAD = 8;

/** How many values a message takes, without further changes. */
const MESSAGE_LENGTH = HEAD + contentColumns.length;

const UNCHANGED = 0;
const REFUSED = -1;

/** Encodes a batch for sending. */
export function encodeBatch(batch: readonly Append[]): BatchWire {
  const wire: BatchWire = [];
  for (const append of batch) {
    if (isMessage(append)) pushMessage(wire, append);
    else wire.push(OTHER, JSON.stringify({ ...append, events: append.events.map(written) }));
  }
  return wire;
}

/** Decodes a received batch. */
export function decodeBatch(wire: BatchWire): WrittenAppend[] {
  const batch: WrittenAppend[] = [];
  for (let at = 0; at < wire.length;) {
    if (wire[at] === OTHER) {
      batch.push(JSON.parse(wire[at + 1] as string) as WrittenAppend);
      at += 2;
      continue;
    }
    const hasMore = wire[at] === MESSAGE_AND_MORE;
    batch.push(messageAt(wire, at, hasMore));
    at += MESSAGE_LENGTH + (hasMore ? 1 : 0);
  }
  return batch;
}

/** Encodes results for sending back. */
export function encodeResults(results: readonly AppendResult[]): ResultsWire {
  return results.map((result) => {
    if (result.status === 'unchanged') return UNCHANGED;
    if (result.status === 'refused') return REFUSED;
    return result.status === 'appended' && result.seqs.length === 1 ? (result.seqs[0] as number) : result;
  });
}

/** Decodes received results. */
export function decodeResults(wire: ResultsWire): AppendResult[] {
  return wire.map((result) => {
    if (typeof result !== 'number') return result;
    if (result === UNCHANGED) return { status: 'unchanged' };
    return result === REFUSED ? { status: 'refused' } : { status: 'appended', seqs: [result] };
  });
}

function pushMessage(wire: BatchWire, append: Append): void {
  const { room, actor, at, guard } = append;
  const { payload, changes } = append.events[0] as NewEvent;
  const { content, clientId } = changes[0] as InsertMessage;
  const more = furtherChanges(append);
  wire.push(more.length === 0 ? MESSAGE : MESSAGE_AND_MORE, room, actor.id, actor.name, at, guard ?? null);
  wire.push(JSON.stringify(payload), clientId, ...contentValues(content));
  if (more.length > 0) wire.push(JSON.stringify(more));
}

function messageAt(wire: BatchWire, start: number, hasMore: boolean): WrittenAppend {
  const [, room, id, name, at, guard, payload, clientId] = wire.slice(start, start + HEAD) as [
    ...[number, string, string, string, number, string | null],
    ...[string, string | null],
  ];
  const end = start + MESSAGE_LENGTH;
  const content = contentFrom(wire.slice(start + HEAD, end));
  const changes: Change[] = [{ kind: 'insertMessage', content, clientId }];
  if (hasMore) changes.push(...(JSON.parse(wire[end] as string) as Change[]));
  const events: WrittenEvent[] = [{ name: 'message.created', payload, changes }];
  return { room, actor: { id, name }, at, events, guard: guard ?? undefined };
}

function written({ name, messageSeq, changes, payload }: NewEvent): WrittenEvent {
  return { name, payload: JSON.stringify(payload), changes, ...(messageSeq !== undefined && { messageSeq }) };
}
