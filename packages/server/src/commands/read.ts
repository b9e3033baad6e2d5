import type { CommandOutput, ParsedInput } from '@madang/protocol';
import { saveRead } from '../store/queries/messages.js';
import { findRoom } from '../store/queries/rooms.js';
import type { Context } from './context.js';
import type { Functions } from './functions.js';

/** read.mark */
async function mark(input: ParsedInput<'read.mark'>, context: Context): Promise<CommandOutput<'read.mark'>> {
  const { clock, store, signals } = context.parts;
  const user = context.session.user.id;
  const { room } = input;
  const seq = Math.min(input.seq, context.access.head);
  const isNews = seq > 0 && (await saveRead(store.write, { user, room, seq, at: clock.now() }));
  const marked = { room, seq, ...(await unreadAfter(seq, context)) };
  if (isNews) signals.told(user, 'read.marked', marked, context.caller.connection);
  return marked;
}

/** What is left to read. At the end of the room that is nothing: whoever follows it asks no database. */
async function unreadAfter(
  seq: number,
  { access, parts, session }: Context,
): Promise<{ unread: number; mentions: number; head: number }> {
  const row = seq < access.head ? await findRoom(parts.store.read, access.room, session.user.id) : undefined;
  return { unread: row?.unread ?? 0, mentions: row?.mentions ?? 0, head: row?.head ?? access.head };
}

export const readFunctions = {
  'read.mark': mark,
} satisfies Functions;
