import type { CommandOutput, ParsedInput } from '@madang/protocol';
import { listMembers } from '../store/queries/members.js';
import type { Context } from './context.js';
import type { Functions } from './functions.js';
import { pageSize } from './page.js';

/** member.list */
async function list(input: ParsedInput<'member.list'>, context: Context): Promise<CommandOutput<'member.list'>> {
  const { store, presence } = context.parts;
  const limit = pageSize(input.limit);
  await presence.know(input.room);
  const { user } = context.session;
  // If one blocks the other, neither learns whether the other is online.
  const isShown = (id: string) => !context.access.blocked || id === user.id;
  const rows = await listMembers(store.read, input.room, {
    after: input.after,
    among: input.present ? await presence.presentIn(input.room) : undefined,
    limit: limit + 1,
  });
  return {
    members: rows.slice(0, limit).map((row) => ({
      user: { id: row.id, name: row.name },
      role: row.role,
      joinedAt: row.joined_at,
      ...(isShown(row.id) ? presence.of(row.id, row.last_seen_at) : { presence: 'offline' as const }),
    })),
    more: rows.length > limit,
  };
}

export const memberFunctions = {
  'member.list': list,
} satisfies Functions;
