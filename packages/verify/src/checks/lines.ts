import type { Entry, Seen } from '../history.js';
import { type Facts, isMemberAt, keyOf, type Violation } from './facts.js';
import { mayReceiveIn } from './membership.js';

/** The lines of one room that one connection has shown. */
interface Shown {
  newest: number;
  seqs: Set<number>;
}

type Line = Extract<Entry, { type: 'line' }>;

/**
 * Line mode shows a room's messages without seqs, and has no cursors. So each line is looked up in the log by its text,
 * which is unique: it must be there, and its reader a member. Over one connection lines come once, in order, with none
 * left out in between.
 */
export function checkLines(facts: Facts): Violation[] {
  const connections = new Map<string, Shown>();
  const violations: Violation[] = [];
  const mayReceive = mayReceiveIn(facts);
  for (const [index, entry] of facts.entries.entries()) {
    if (entry.type !== 'line') continue;
    const key = keyOf(entry.connection, entry.room);
    const shown = connections.get(key) ?? { newest: 0, seqs: new Set() };
    connections.set(key, shown);
    violations.push(...judge(entry, shown, facts, (event) => mayReceive(entry.user, event, index)));
  }
  return violations;
}

function judge(line: Line, shown: Shown, facts: Facts, mayReceive: (event: Seen) => boolean): Violation[] {
  const { client, room, user, t } = line;
  const candidates = facts.spoken.get(keyOf(room, line.text)) ?? [];
  const isNew = ({ seq }: Seen) => !shown.seqs.has(seq);
  const event = candidates.find(isNew) ?? candidates.at(-1);
  if (!event) {
    return [
      { kind: 'phantom', words: `${client} was shown a line in ${room} that is not in the log`, client, room, t },
    ];
  }
  const { seq } = event;
  const where = { client, room, seq, t };
  const place = `${client} (connection ${line.connection}) was shown the line of ${room}.${seq}`;
  if (shown.seqs.has(seq)) return [{ kind: 'twice', words: `${place} twice`, ...where }];
  shown.seqs.add(seq);
  if (!mayReceive(event)) {
    return [{ kind: 'leaked', words: `${place}, and is no member there`, ...where }];
  }
  const { newest } = shown;
  if (seq < newest) return [{ kind: 'disorder', words: `${place} after that of ${room}.${newest}`, ...where }];
  shown.newest = seq;
  const missed = newest > 0 && messagesBetween(facts, room, newest, seq).find((each) => isDue(each, user, facts));
  if (!missed) return [];
  return [{ kind: 'gap', words: `${place} after that of ${room}.${newest}, without that of ${missed.seq}`, ...where }];
}

function messagesBetween(facts: Facts, room: string, after: number, before: number): Seen[] {
  const between: Seen[] = [];
  for (let seq = after + 1; seq < before; seq += 1) {
    const event = facts.logged.get(keyOf(room, seq));
    if (event?.name === 'message.created') between.push(event);
  }
  return between;
}

/** A message deleted before its line was written has no line. */
function isDue({ room, seq, message = '' }: Seen, user: string, facts: Facts): boolean {
  return isMemberAt(facts, user, room, seq) && !facts.deleted.has(message);
}
