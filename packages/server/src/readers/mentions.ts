import type { CompiledQuery, Kysely } from 'kysely';
import { type NamedEvent, placeOf } from '../log/event-record.js';
import { deleteMentions, forgetMentions, insertMentions, MENTIONS_READER } from '../store/queries/mentions.js';
import type { Schema } from '../store/schema.js';
import type { LogHandler } from './reader.js';

/** A message that mentions others than its author, or the deletion of any message. */
type Mentioning = { seq: number } & ({ users: readonly string[] } | { deleted: number });

/** Indexes messages by the users they mention, except their own authors. */
export function mentions(write: Kysely<Schema>): LogHandler<Mentioning> {
  return {
    name: MENTIONS_READER,
    take: mentioning,
    handle: ({ room, isFirst, items, logStart }) => {
      const work: CompiledQuery[] = [];
      if (isFirst) work.push(forgetMentions(write, room));
      const found = items.flatMap((item) =>
        'users' in item ? item.users.map((user) => ({ seq: item.seq, user })) : [],
      );
      work.push(...insertMentions(write, room, found));
      // A deleted message may be of the same page.
      for (const item of items) if ('deleted' in item) work.push(deleteMentions(write, room, item.deleted));
      if (logStart > 0) work.push(forgetMentions(write, room, logStart));
      return work;
    },
  };
}

function mentioning({ name, body }: NamedEvent): Mentioning | undefined {
  if (name === 'message.deleted') return { seq: body.seq, deleted: placeOf(body.messageId).seq };
  if (name !== 'message.created' || !body.message.mentions) return undefined;
  const users = body.message.mentions.filter((user) => user !== body.actor.id);
  return users.length > 0 ? { seq: body.seq, users } : undefined;
}
