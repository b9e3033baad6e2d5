import type { CompiledQuery, Kysely } from 'kysely';
import { placeOf } from '../log/event-record.js';
import { deleteMentions, forgetMentions, insertMention, MENTIONS_READER } from '../store/queries/mentions.js';
import type { Schema } from '../store/schema.js';
import type { LogHandler } from './reader.js';

/** Indexes messages by the users they mention, except their own authors. */
export function mentions(write: Kysely<Schema>): LogHandler {
  return {
    name: MENTIONS_READER,
    handle: ({ room, isFirst, events, logStart }) => {
      const work: CompiledQuery[] = [];
      if (isFirst) work.push(forgetMentions(write, room));
      for (const event of events) {
        if (event.type === 'message.deleted') work.push(deleteMentions(write, room, placeOf(event.messageId).seq));
        if (event.type !== 'message.created') continue;
        for (const user of event.message.mentions ?? []) {
          if (user !== event.actor.id) work.push(insertMention(write, { room, seq: event.seq, user }));
        }
      }
      if (logStart > 0) work.push(forgetMentions(write, room, logStart));
      return work;
    },
  };
}
