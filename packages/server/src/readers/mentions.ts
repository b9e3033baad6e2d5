import type { CompiledQuery, Kysely } from 'kysely';
import { placeOf } from '../log/event-record.js';
import { deleteMentions, forgetMentions, insertMentions, MENTIONS_READER } from '../store/queries/mentions.js';
import type { Schema } from '../store/schema.js';
import type { LogHandler } from './reader.js';

/** Indexes messages by the users they mention, except their own authors. */
export function mentions(write: Kysely<Schema>): LogHandler {
  return {
    name: MENTIONS_READER,
    handle: ({ room, isFirst, events, logStart }) => {
      const work: CompiledQuery[] = [];
      if (isFirst) work.push(forgetMentions(write, room));
      const found: { seq: number; user: string }[] = [];
      const deleted: number[] = [];
      for (const event of events) {
        if (event.type === 'message.deleted') deleted.push(placeOf(event.messageId).seq);
        if (event.type !== 'message.created') continue;
        const others = (event.message.mentions ?? []).filter((user) => user !== event.actor.id);
        found.push(...others.map((user) => ({ seq: event.seq, user })));
      }
      work.push(...insertMentions(write, room, found));
      // A deleted message may be of the same page.
      work.push(...deleted.map((seq) => deleteMentions(write, room, seq)));
      if (logStart > 0) work.push(forgetMentions(write, room, logStart));
      return work;
    },
  };
}
