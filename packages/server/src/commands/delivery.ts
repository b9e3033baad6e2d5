import { type CommandOutput, fail, type ParsedInput } from '@madang/protocol';
import type { Outcome } from '../fanout/delivery-records.js';
import type { MergedRecord } from '../fanout/all-records.js';
import { placeOf } from '../log/event-record.js';
import { findMessage, type MessageRow } from '../store/queries/messages.js';
import { logStartOf } from '../store/queries/retention.js';
import { findLastSeen, findRead, type MembershipChange, membershipAround } from '../store/queries/trace.js';
import type { Context } from './context.js';
import type { Functions } from './functions.js';

type Trace = CommandOutput<'delivery.trace'>;

/** delivery.trace */
async function trace(input: ParsedInput<'delivery.trace'>, context: Context): Promise<Trace> {
  const { store, records } = context.parts;
  const place = placeOf(input.message);
  const message = await findMessage(store.read, place.room, place.seq);
  if (!message || message.seq <= (await logStartOf(store.read, place.room)))
    return fail('not_found', 'There is no such message', { field: 'message' });
  const user = await findLastSeen(store.read, input.user);
  if (!user) return fail('not_found', 'There is no such user', { field: 'user' });
  const membership = await membershipAround(store.read, { ...place, user: user.id });
  const read = await findRead(store.read, place.room, user.id);
  // The join may be too old to be in the log; then the leave shows that there was one.
  const { before = { name: membership.after?.name === 'member.left' ? 'member.joined' : undefined } } = membership;
  const isMember = before.name === 'member.joined';
  const recorded = isMember ? await records.find({ ...place, at: message.at, user: user.id }) : undefined;
  const why = recorded
    ? whyNone(recorded, { at: message.at, lastSeenAt: user.last_seen_at })
    : { reason: membership.before ? ('left' as const) : ('not_a_member' as const) };
  return {
    message: described(message),
    user: { id: user.id, name: user.name },
    member: timesOf([membership.before, membership.after]),
    connections: recorded?.record?.outcomes.map(outcomeOf) ?? [],
    ...why,
    ...(read && { read }),
  };
}

function described(row: MessageRow): Trace['message'] {
  return {
    id: `${row.room_id}.${row.seq}`,
    room: row.room_id,
    seq: row.seq,
    author: { id: row.author_id, name: row.author_name },
    at: row.at,
    ...(row.deleted_at !== null && { deletedAt: row.deleted_at }),
  };
}

function timesOf(changes: (MembershipChange | undefined)[]): Trace['member'] {
  const joined = changes.find((change) => change?.name === 'member.joined');
  const left = changes.find((change) => change?.name === 'member.left');
  return { ...(joined && { joinedAt: joined.at }), ...(left && { leftAt: left.at }) };
}

function outcomeOf({ openedAt, closedAt, ...outcome }: Outcome): Trace['connections'][number] {
  return { ...outcome, since: openedAt, ...(closedAt !== undefined && { until: closedAt }) };
}

/** Why a member had no connections, if so, and when the member was online before and after. */
function whyNone(
  { record, isWhole }: MergedRecord,
  { at, lastSeenAt }: { at: number; lastSeenAt: number },
): Pick<Trace, 'reason' | 'lastSeen' | 'backAt'> {
  if (!record) return { reason: 'unknown' };
  if (record.outcomes.length > 0) return {};
  // The store knows only the present: that helps only if they have not been online since.
  const lastSeen = record.lastSeenAt ?? (lastSeenAt <= at ? lastSeenAt : undefined);
  return {
    reason: isWhole ? 'offline' : 'not_here',
    ...(lastSeen !== undefined && { lastSeen }),
    ...(record.backAt !== undefined && { backAt: record.backAt }),
  };
}

export const deliveryFunctions = {
  'delivery.trace': trace,
} satisfies Functions;
