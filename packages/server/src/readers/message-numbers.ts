import type { CompiledQuery, Kysely } from 'kysely';
import type { Schema } from '../store/schema.js';
import {
  blockOf,
  forgetNumbers,
  type NewMessages,
  NUMBERS_READER,
  numberMessages,
  removeOldNumbers,
} from '../store/queries/unread.js';
import type { LogHandler, LogPage } from './reader.js';

/**
 * Numbers the messages of each room, in total and per author, so that unread messages need not be counted one by one. An
 * edited or deleted message keeps its number; `store/queries/unread.ts` describes how deleted ones are subtracted.
 */
export function messageNumbers(write: Kysely<Schema>): LogHandler {
  return {
    name: NUMBERS_READER,
    handle: ({ room, isFirst, events, logStart }) => {
      const work: CompiledQuery[] = [];
      if (isFirst) work.push(forgetNumbers(write, room));
      work.push(...newMessages(events).map((messages) => numberMessages(write, room, messages)));
      if (logStart > 0) work.push(removeOldNumbers(write, room, logStart));
      return work;
    },
  };
}

/** New messages by block and author, the blocks in order. */
function newMessages(events: LogPage['events']): NewMessages[] {
  const found = new Map<string, NewMessages>();
  for (const { type, seq, actor } of events) {
    if (type !== 'message.created') continue;
    const block = blockOf(seq);
    for (const author of ['', actor.id]) {
      const key = `${block} ${author}`;
      const known = found.get(key) ?? { author, block, count: 0 };
      known.count += 1;
      found.set(key, known);
    }
  }
  return [...found.values()];
}
