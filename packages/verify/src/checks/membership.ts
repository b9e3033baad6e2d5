import type { Seen } from '../history.js';
import { type Attempt, type Facts, isMemberAt, keyOf, push, type Violation } from './facts.js';

/** The calls that let a user into a room. `session.start` puts its user into the lobby. */
const joiningCommands = new Set(['room.join', 'room.invite', 'room.create', 'session.start', 'direct.open']);

/** The parts of an event that matter here; `head` of a room may stand for one. */
type Received = Pick<Seen, 'room' | 'seq'> & Partial<Pick<Seen, 'actor' | 'cid'>>;

/** Nobody receives an event that they may not see. */
export function checkMembership(facts: Facts): Violation[] {
  const mayReceive = mayReceiveIn(facts);
  const violations: Violation[] = [];
  for (const [index, entry] of facts.entries.entries()) {
    if (entry.type !== 'received' && entry.type !== 'behind') continue;
    const room = entry.type === 'received' ? entry.event.room : entry.room;
    const seq = entry.type === 'received' ? entry.event.seq : entry.head;
    if (mayReceive(entry.user, entry.type === 'received' ? entry.event : { room, seq }, index)) continue;
    const how =
      entry.type === 'received' ? `${entry.event.name} ${room}.${seq} (${entry.how})` : `the head of ${room}, ${seq}`;
    const words = `${entry.client} was shown ${how}, and is no member there`;
    violations.push({ kind: 'leaked', words, client: entry.client, room, seq, t: entry.t });
  }
  return violations;
}

/**
 * Returns a function that tells whether a user may see an event at a place in the history: members at its seq may.
 * Members may also read everything before, so an event from a time outside is allowed if the user joined (again) after
 * it, and the call that let them in had been sent by then.
 */
export function mayReceiveIn(facts: Facts): (user: string, event: Received, index: number) => boolean {
  const joinAttempts = joinAttemptsOf(facts);
  return (user, { room, seq, actor = '', cid }, index) => {
    if (isMemberAt(facts, user, room, seq)) return true;
    // Only the author was told the `clientId`.
    const sent = cid ?? facts.logged.get(keyOf(room, seq))?.cid;
    const createdAt = sent === undefined ? 0 : (facts.sends.get(keyOf(actor, sent))?.[0]?.invokedAt ?? 0);
    return joinedAfter(facts, user, room, seq) && mayHaveJoined(joinAttempts, keyOf(room, user), createdAt, index);
  };
}

function joinAttemptsOf(facts: Facts): Map<string, Attempt[]> {
  const joinAttempts = new Map<string, Attempt[]>();
  for (const attempt of facts.attempts) {
    const { command, room, user } = attempt.intent;
    if (joiningCommands.has(command)) push(joinAttempts, keyOf(room, user ?? attempt.user), attempt);
  }
  return joinAttempts;
}

function joinedAfter(facts: Facts, user: string, room: string, seq: number): boolean {
  return (facts.memberships.get(keyOf(room, user)) ?? []).some((change) => change.isMember && change.seq > seq);
}

/** Whether a call that lets the user in was in flight at some time between the event's creation and its being seen. */
function mayHaveJoined(joinAttempts: Map<string, Attempt[]>, key: string, createdAt: number, seenAt: number): boolean {
  return (joinAttempts.get(key) ?? []).some((attempt) => attempt.invokedAt <= seenAt && attempt.endedAt >= createdAt);
}
