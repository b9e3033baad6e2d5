import type { Change } from '../changes.js';
import { type Append, type AppendResult, isPlainMessage, type NewEvent } from '../store.js';

/**
 * How batches go to the write thread and results come back: as a flat list of texts and numbers. Its structured clone
 * costs less than half of JSON on both sides, or of cloning many small objects.
 */
export type BatchWire = (string | number | null)[];

/** Results by append: only a number if there is nothing else to say. */
export type ResultsWire = (number | AppendResult)[];

/** An append in the form that the write thread takes: the events' own fields are already text. */
export type WrittenAppend = Omit<Append, 'events'> & { events: WrittenEvent[] };

type WrittenEvent = Omit<NewEvent, 'payload'> & { payload: string };

/** The first value of an append. */
const PLAIN = 0;
const OTHER = 1;

const UNCHANGED = 0;
const REFUSED = -1;

/** Encodes a batch for sending. */
export function encodeBatch(batch: readonly Append[]): BatchWire {
  const wire: BatchWire = [];
  for (const append of batch) {
    if (isPlainMessage(append)) pushMessage(wire, append);
    else wire.push(OTHER, JSON.stringify({ ...append, events: append.events.map(written) }));
  }
  return wire;
}

/** Decodes a received batch. */
export function decodeBatch(wire: BatchWire): WrittenAppend[] {
  const batch: WrittenAppend[] = [];
  for (let at = 0; at < wire.length;) {
    if (wire[at] === PLAIN) {
      batch.push(messageAt(wire, at));
      at += 11;
    } else {
      batch.push(JSON.parse(wire[at + 1] as string) as WrittenAppend);
      at += 2;
    }
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

function pushMessage(wire: BatchWire, { room, actor, at, guard, events }: Append): void {
  const { name, payload, changes } = events[0] as NewEvent;
  const { text, clientId, mentions } = changes[0] as Extract<Change, { kind: 'insertMessage' }>;
  wire.push(PLAIN, room, actor.id, actor.name, at, guard ?? null, name);
  wire.push(JSON.stringify(payload), text, clientId, mentions);
}

function messageAt(wire: BatchWire, start: number): WrittenAppend {
  const [, room, id, actorName, at, guard, name, payload, text, clientId, mentions] = wire.slice(start, start + 11) as [
    ...[number, string, string, string, number, string | null],
    ...[NewEvent['name'], string, string, string | null, string | null],
  ];
  const events: WrittenEvent[] = [{ name, payload, changes: [{ kind: 'insertMessage', text, clientId, mentions }] }];
  return { room, actor: { id, name: actorName }, at, events, guard: guard ?? undefined };
}

function written(event: NewEvent): WrittenEvent {
  return { ...event, payload: JSON.stringify(event.payload) };
}
