import type { Seen } from '../history.js';
import { type Attempt, type Facts, keyOf, type Violation } from './facts.js';

/** What was acknowledged is in the log, what was refused isn't, and each `clientId` made one message. */
export function checkAcknowledged(facts: Facts): Violation[] {
  const done = doneIn(facts);
  const violations: Violation[] = [];
  for (const attempt of facts.attempts) {
    if (attempt.outcome?.type !== 'acked') continue;
    const words = missing(attempt, facts, done);
    if (words === undefined) continue;
    violations.push({ kind: 'lost', words: `${describe(attempt)} ${words}`, ...whereOf(attempt) });
  }
  return [...violations, ...checkClones(facts), ...checkRefused(facts)];
}

/** Every event of the log, as the intent that it fulfils. */
function doneIn(facts: Facts): Set<string> {
  const done = new Set<string>();
  for (const event of facts.logged.values()) {
    done.add(keyOf(event.name, event.room, event.user ?? event.message ?? '', ''));
    done.add(keyOf(event.name, event.room, event.user ?? event.message ?? '', detailOf(event)));
  }
  return done;
}

function missing(attempt: Attempt, facts: Facts, done: Set<string>): string | undefined {
  const { intent, user } = attempt;
  const { room, message = '' } = intent;
  const has = (name: string, subject: string, detail = '') => done.has(keyOf(name, room, subject, detail));
  switch (intent.command) {
    case 'message.send':
      return missingSend(attempt, facts);
    case 'message.edit':
      return facts.deleted.has(message) ? undefined : missingEdit(attempt, facts);
    case 'message.delete':
      return has('message.deleted', message) ? undefined : 'is not in the log';
    case 'message.pin':
      // Whoever pinned it: a repeat appends nothing.
      return has('message.pinned', message) ? undefined : 'is not in the log';
    case 'message.react':
      if (intent.action !== 'added') return undefined;
      return has('message.reacted', message, keyOf(user, intent.emoji ?? '', 'added'))
        ? undefined
        : 'is not in the log';
    case 'room.join':
    case 'room.invite':
      return has('member.joined', intent.user ?? user) ? undefined : 'has no coming in the log';
    case 'room.leave':
    case 'room.remove':
      return has('member.left', intent.user ?? user) ? undefined : 'has no going in the log';
    default:
      return undefined;
  }
}

function missingSend(attempt: Attempt, facts: Facts): string | undefined {
  const { intent, outcome } = attempt;
  const events = madeBy(attempt, facts);
  const [event] = events;
  if (!event) return 'is not in the log';
  const acked = outcome?.type === 'acked' ? outcome.message : undefined;
  if (event.room !== intent.room) return `is in the log of ${event.room} instead`;
  if (acked === undefined || events.some((each) => each.message === acked)) return undefined;
  return `was acknowledged as ${acked}, but the log has it as ${event.message}`;
}

/** The log has only the last text: the edit's, or that of another edit that may have come later. */
function missingEdit(attempt: Attempt, facts: Facts): string | undefined {
  const { room, message = '' } = attempt.intent;
  const edits = facts.edits.get(message) ?? [];
  const acked = new Set(edits.flatMap(({ intent, outcome }) => (outcome?.type === 'acked' ? [intent.text] : [])));
  const events = (facts.log.get(room) ?? []).filter(
    (event) => event.name === 'message.edited' && event.message === message,
  );
  if (events.length < acked.size) return `is one of ${acked.size} edits, but the log has ${events.length}`;
  const last = events.at(-1)?.text;
  const isOvertaken = edits.some(({ intent, endedAt }) => intent.text === last && endedAt > attempt.invokedAt);
  return isOvertaken ? undefined : 'is not in the log';
}

function checkClones(facts: Facts): Violation[] {
  const violations: Violation[] = [];
  for (const [key, events] of facts.created) {
    if (events.length > 1) {
      const places = events.map((event) => event.message).join(', ');
      const { room = '', seq = 0 } = events.at(-1) ?? {};
      violations.push({ kind: 'cloned', words: `one clientId (${key}) made ${places}`, room, seq });
    }
  }
  for (const attempt of facts.attempts) {
    if (!isWithoutId(attempt)) continue;
    const events = madeBy(attempt, facts);
    if (events.length < 2) continue;
    const places = events.map((event) => event.message).join(', ');
    violations.push({ kind: 'cloned', words: `${describe(attempt)} made ${places}`, ...whereOf(attempt) });
  }
  for (const [key, attempts] of facts.sends) {
    const ids = new Set(attempts.flatMap(({ outcome }) => (outcome?.type === 'acked' ? [outcome.message] : [])));
    if (ids.size > 1) {
      const words = `one clientId (${key}) was acknowledged as ${[...ids].join(', ')}`;
      violations.push({ kind: 'cloned', words, ...(attempts[0] && whereOf(attempts[0])) });
    }
  }
  return violations;
}

function checkRefused(facts: Facts): Violation[] {
  const violations: Violation[] = [];
  for (const [key, attempts] of facts.sends) {
    if (!facts.created.has(key) || !attempts.every(({ outcome }) => outcome?.type === 'refused')) continue;
    const words = `every attempt at ${key} was refused, but the log has it`;
    violations.push({ kind: 'refused', words, ...(attempts[0] && whereOf(attempts[0])) });
  }
  for (const [index, entry] of facts.entries.entries()) {
    if (entry.type !== 'received' || entry.event.name !== 'message.created') continue;
    const { actor, cid, text = '' } = entry.event;
    const attempts =
      (cid === undefined ? facts.sendsByText.get(keyOf(actor, text)) : facts.sends.get(keyOf(actor, cid))) ?? [];
    const before = attempts.filter((attempt) => attempt.invokedAt < index);
    if (before.length > 0 && before.every(({ outcome }) => outcome?.type === 'refused')) {
      const { room, seq } = entry.event;
      const words = `${entry.client} was shown ${room}.${seq}, which had been refused`;
      violations.push({ kind: 'refused', words, client: entry.client, room, seq, t: entry.t });
    }
  }
  return violations;
}

/** What an attempt at a send made, by the log. A sender without `clientId` uses texts that nobody else uses. */
function madeBy(attempt: Attempt, facts: Facts): Seen[] {
  const { intent, user } = attempt;
  if (!isWithoutId(attempt)) return facts.created.get(keyOf(user, intent.cid ?? '')) ?? [];
  return (facts.spoken.get(keyOf(intent.room, intent.text ?? '')) ?? []).filter(({ actor }) => actor === user);
}

function isWithoutId({ intent }: Attempt): boolean {
  return intent.command === 'message.send' && intent.cid === undefined;
}

function whereOf({ client, intent, t }: Attempt): Pick<Violation, 'client' | 'room' | 't'> {
  return { client, room: intent.room, t };
}

function detailOf(event: Seen): string {
  if (event.name === 'message.reacted') return keyOf(event.actor, event.emoji ?? '', event.action ?? '');
  return '';
}

function describe({ client, intent, op }: Attempt): string {
  return `${client}'s acknowledged ${intent.command} in ${intent.room} (attempt ${op}, ${intent.cid ?? intent.message ?? intent.user ?? ''})`;
}
