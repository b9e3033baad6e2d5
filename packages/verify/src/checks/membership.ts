import type { Seen } from '../history.js';
import { type Attempt, type Facts, isMemberAt, keyOf, push, type Violation } from './facts.js';

/** The calls that let somebody in. `session.start` lets its user into the lobby. */
const entrances = new Set(['room.join', 'room.invite', 'room.create', 'session.start', 'direct.open']);

/** An event as far as it matters here; `head` of a room may stand for one. */
type Heard = Pick<Seen, 'room' | 'seq'> & Partial<Pick<Seen, 'actor' | 'cid'>>;

/** Nobody hears of an event who may not. */
export function checkMembership(facts: Facts): Violation[] {
  const mayHear = hearing(facts);
  const violations: Violation[] = [];
  for (const [index, entry] of facts.entries.entries()) {
    if (entry.type !== 'received' && entry.type !== 'behind') continue;
    const room = entry.type === 'received' ? entry.event.room : entry.room;
    const seq = entry.type === 'received' ? entry.event.seq : entry.head;
    if (mayHear(entry.user, entry.type === 'received' ? entry.event : { room, seq }, index)) continue;
    const how =
      entry.type === 'received' ? `${entry.event.name} ${room}.${seq} (${entry.how})` : `the head of ${room}, ${seq}`;
    const words = `${entry.client} was shown ${how}, and is no member there`;
    violations.push({ kind: 'leaked', words, client: entry.client, room, seq, t: entry.t });
  }
  return violations;
}

/**
 * Tells whether a user may hear of an event at a place of the history: a member at its seq may. A member may also read all
 * that was before, so an event from a time outside may be heard when the user came (again) after it, and the call that let
 * them in had left by then.
 */
export function hearing(facts: Facts): (user: string, event: Heard, index: number) => boolean {
  const comings = comingsOf(facts);
  return (user, { room, seq, actor = '', cid }, index) => {
    if (isMemberAt(facts, user, room, seq)) return true;
    const bornAt = cid === undefined ? 0 : (facts.sends.get(keyOf(actor, cid))?.[0]?.invokedAt ?? 0);
    return cameAfter(facts, user, room, seq) && mayBeIn(comings, keyOf(room, user), bornAt, index);
  };
}

function comingsOf(facts: Facts): Map<string, Attempt[]> {
  const comings = new Map<string, Attempt[]>();
  for (const attempt of facts.attempts) {
    const { command, room, user } = attempt.intent;
    if (entrances.has(command)) push(comings, keyOf(room, user ?? attempt.user), attempt);
  }
  return comings;
}

function cameAfter(facts: Facts, user: string, room: string, seq: number): boolean {
  return (facts.memberships.get(keyOf(room, user)) ?? []).some((change) => change.isMember && change.seq > seq);
}

/** Whether a call that lets in was under way at some time between the event's making and its being seen. */
function mayBeIn(comings: Map<string, Attempt[]>, key: string, bornAt: number, seenAt: number): boolean {
  return (comings.get(key) ?? []).some((attempt) => attempt.invokedAt <= seenAt && attempt.endedAt >= bornAt);
}
