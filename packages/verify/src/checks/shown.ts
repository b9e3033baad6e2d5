import type { Entry, Seen } from '../history.js';
import { type Facts, headOf, keyOf, type Receipt, type Violation } from './facts.js';

/** Everything that was shown is in the log as shown, and everything in the log was caused by somebody. */
export function checkShown(facts: Facts): Violation[] {
  const violations: Violation[] = [];
  for (const entry of facts.entries) {
    if (entry.type !== 'received') continue;
    const { event, client, how } = entry;
    const kept = facts.logged.get(keyOf(event.room, event.seq));
    const difference = kept
      ? (differenceOf(event, kept, facts) ?? clientIdDifference(entry, kept))
      : 'is not in the log';
    if (difference === undefined) continue;
    violations.push({
      kind: 'phantom',
      words: `${client} was shown ${event.name} ${event.room}.${event.seq} (${how}), which ${difference}`,
      client,
      room: event.room,
      seq: event.seq,
      t: entry.t,
    });
  }
  for (const [key, [event]] of facts.created) {
    if (facts.sends.has(key) || !event) continue;
    const words = `${event.message} is in the log, but nobody sent it (${key})`;
    violations.push({ kind: 'phantom', words, room: event.room, seq: event.seq });
  }
  return violations;
}

/** Only its author receives a message's `clientId`. */
export function checkClientIds({ entries }: Facts): Violation[] {
  const violations: Violation[] = [];
  for (const entry of entries) {
    if (entry.type !== 'received' || entry.event.cid === undefined || entry.user === entry.event.actor) continue;
    const { client, t, how } = entry;
    const { room, seq, actor } = entry.event;
    const words = `${client} was told the clientId of ${room}.${seq} (${how}), which is ${actor}'s alone`;
    violations.push({ kind: 'leaked', words, client, room, seq, t });
  }
  return violations;
}

/** Each room's log is 1, 2, 3 … up to its head, and each of its messages has one text. */
export function checkLog(facts: Facts): Violation[] {
  const violations: Violation[] = [];
  for (const [room, events] of facts.log) {
    for (const [index, event] of events.entries()) {
      if (event.seq === index + 1) continue;
      const words = `the log of ${room} has ${event.seq} in place ${index + 1}`;
      violations.push({ kind: 'log', words, room, seq: event.seq });
      break;
    }
    for (const [message, texts] of textsOf(events)) {
      if (texts.size > 1)
        violations.push({ kind: 'log', words: `the log has ${texts.size} texts of ${message}`, room });
    }
  }
  return violations;
}

/** The history of the cursors never changes silently, and a new one begins where a backup was restored. */
export function checkEpoch({ entries }: Facts): Violation[] {
  const restoredAt = entries.findLastIndex(({ type }) => type === 'restored');
  const epochs = epochsIn(entries.slice(restoredAt + 1));
  const violations: Violation[] = [];
  if (epochs.size > 1) {
    violations.push({ kind: 'epoch', words: `there were several epochs: ${[...epochs].join(', ')}` });
  }
  for (const epoch of epochsIn(entries.slice(0, Math.max(0, restoredAt)))) {
    if (epochs.has(epoch)) violations.push({ kind: 'epoch', words: `the epoch ${epoch} went on after a restore` });
  }
  return violations;
}

function epochsIn(entries: readonly Entry[]): Set<string> {
  return new Set(entries.flatMap((entry) => (entry.type === 'epoch' ? [entry.epoch] : [])));
}

/** How often a room's log goes back in time. The contract orders by seq, so this is a figure and not a violation. */
export function countTimesBack(facts: Facts): number {
  let count = 0;
  for (const [room, events] of facts.log) {
    for (let index = 1; index < headOf(facts, room); index += 1) {
      if ((events[index]?.at ?? 0) < (events[index - 1]?.at ?? 0)) count += 1;
    }
  }
  return count;
}

function differenceOf(shown: Seen, kept: Seen, facts: Facts): string | undefined {
  for (const field of ['name', 'actor', 'message', 'user', 'emoji', 'action', 'at'] as const) {
    if (shown[field] !== kept[field]) return `the log has with ${field} ${kept[field]} instead of ${shown[field]}`;
  }
  const { message = '' } = kept;
  if (shown.text === kept.text) return undefined;
  if (shown.text === undefined || kept.text === undefined)
    return facts.deleted.has(message) ? undefined : 'the log has with a text';
  return facts.texts.get(message)?.has(shown.text ?? '') === true ? undefined : 'the log has with another text';
}

/** A message's author receives its `clientId` at every connection; see {@link checkClientIds} for everybody else. */
function clientIdDifference({ user, event }: Receipt, kept: Seen): string | undefined {
  if (user !== kept.actor || event.cid === kept.cid) return undefined;
  return `the log has with cid ${kept.cid} instead of ${event.cid}`;
}

/** The texts in the log by message: there must be one for each, in all its events. */
function textsOf(events: readonly Seen[]): Map<string, Set<string>> {
  const texts = new Map<string, Set<string>>();
  for (const { message, text } of events) {
    if (message === undefined || text === undefined) continue;
    texts.set(message, (texts.get(message) ?? new Set()).add(text));
  }
  return texts;
}
