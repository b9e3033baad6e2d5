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
import type { LogHandler } from './reader.js';

/** A new message. */
interface Numbered {
  seq: number;
  author: string;
}

/**
 * Numbers the messages of each room, in total and per author, so that unread messages need not be counted one by one. An
 * edited or deleted message keeps its number; `store/queries/unread.ts` describes how deleted ones are subtracted.
 */
export function messageNumbers(write: Kysely<Schema>): LogHandler<Numbered> {
  return {
    name: NUMBERS_READER,
    take: ({ name, body: { seq, actor } }) => (name === 'message.created' ? { seq, author: actor.id } : undefined),
    handle: ({ room, isFirst, items, logStart }) => {
      const work: CompiledQuery[] = [];
      if (isFirst) work.push(forgetNumbers(write, room));
      work.push(...byBlockAndAuthor(items).map((messages) => numberMessages(write, room, messages)));
      if (logStart > 0) work.push(removeOldNumbers(write, room, logStart));
      return work;
    },
  };
}

/** Counts messages by block and author, the blocks in order. */
function byBlockAndAuthor(messages: readonly Numbered[]): NewMessages[] {
  const counted: NewMessages[] = [];
  let block = -1;
  let ofBlock = new Map<string, NewMessages>();
  for (const message of messages) {
    if (blockOf(message.seq) !== block) {
      block = blockOf(message.seq);
      ofBlock = new Map();
    }
    for (const author of ['', message.author]) {
      let known = ofBlock.get(author);
      if (!known) {
        known = { author, block, count: 0 };
        ofBlock.set(author, known);
        counted.push(known);
      }
      known.count += 1;
    }
  }
  return counted;
}
