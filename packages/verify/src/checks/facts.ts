import type { Entry, Intent, Seen } from '../history.js';

/** The kinds of violation; see the header of `checker.ts`. */
export type ViolationKind =
  | 'lost'
  | 'phantom'
  | 'refused'
  | 'cloned'
  | 'twice'
  | 'disorder'
  | 'gap'
  | 'leaked'
  | 'log'
  | 'epoch'
  | 'unbounded';

/** A broken promise, in words that name the client, the room and the seq. */
export interface Violation {
  kind: ViolationKind;
  words: string;
  /** The client and the place, if there is one of each. */
  client?: string;
  room?: string;
  seq?: number;
  /** When, in ms since the history began. */
  t?: number;
  /** A gap that remained when everybody had had time to catch up. */
  isFinal?: true;
}

/** One attempt at a call. Places are indexes into the history, which is in the order of time. */
export interface Attempt {
  op: number;
  client: string;
  user: string;
  intent: Intent;
  invokedAt: number;
  /** When it was sent, in ms since the history began. */
  t: number;
  outcome?: Extract<Entry, { type: 'acked' | 'refused' | 'unknown' }>;
  /** Where the outcome is. */
  endedAt: number;
}

/** The receipt of an event. */
export type Receipt = Extract<Entry, { type: 'received' }>;

/** A history, indexed for the checks. */
export interface Facts {
  entries: readonly Entry[];
  attempts: Attempt[];
  /** Attempts of one send: by user and `clientId`. */
  sends: Map<string, Attempt[]>;
  /** The same by user and the beginning of the text, for receivers without the `clientId`. */
  sendsByText: Map<string, Attempt[]>;
  /** The final log: each room's events, as the reader got them. */
  log: Map<string, Seen[]>;
  /** The final log by room and seq. */
  logged: Map<string, Seen>;
  /** `message.created` in the final log, by author and `clientId`. */
  created: Map<string, Seen[]>;
  /**
   * The same by room and the beginning of the text, for clients without ids. A deleted message is found by the text
   * that was sent.
   */
  spoken: Map<string, Seen[]>;
  /** Every text that a message may have had: that of its send, and those of edits that were not refused. */
  texts: Map<string, Set<string>>;
  /** Attempts to edit a message. */
  edits: Map<string, Attempt[]>;
  /** Messages that are deleted in the final log. */
  deleted: Set<string>;
  /** For each room and user, the seqs at which they joined and left, in order. */
  memberships: Map<string, { seq: number; isMember: boolean }[]>;
}

/** Joins parts to a key; ids contain no spaces. */
export function keyOf(...parts: (string | number)[]): string {
  return parts.join(' ');
}

/** Indexes a history. */
export function gatherFacts(entries: readonly Entry[]): Facts {
  const facts: Facts = {
    entries,
    attempts: [],
    sends: new Map(),
    sendsByText: new Map(),
    log: new Map(),
    logged: new Map(),
    created: new Map(),
    spoken: new Map(),
    texts: new Map(),
    edits: new Map(),
    deleted: new Set(),
    memberships: new Map(),
  };
  const byOp = new Map<number, Attempt>();
  for (const [index, entry] of entries.entries()) {
    if (entry.type === 'invoked') {
      const { op, client, user, intent, t } = entry;
      const attempt: Attempt = { op, client, user, intent, t, invokedAt: index, endedAt: Number.POSITIVE_INFINITY };
      byOp.set(op, attempt);
      facts.attempts.push(attempt);
      if (intent.command === 'message.edit') push(facts.edits, intent.message ?? '', attempt);
      if (intent.cid !== undefined) {
        push(facts.sends, keyOf(user, intent.cid), attempt);
        if (intent.text !== undefined) push(facts.sendsByText, keyOf(user, intent.text), attempt);
      }
    } else if (entry.type === 'acked' || entry.type === 'refused' || entry.type === 'unknown') {
      const attempt = byOp.get(entry.op);
      if (!attempt) continue;
      attempt.outcome = entry;
      // If the end of a call is unknown, it may still happen later.
      if (entry.type !== 'unknown') attempt.endedAt = index;
    } else if (entry.type === 'logged') {
      addLogged(facts, entry.event);
    }
  }
  for (const event of facts.logged.values()) {
    if (event.name === 'message.created') gatherTexts(facts, event);
  }
  return facts;
}

/** Whether a user is a member at a place in the log. Their own leave is visible to them. */
export function isMemberAt(facts: Facts, user: string, room: string, seq: number): boolean {
  let isMember = false;
  for (const change of facts.memberships.get(keyOf(room, user)) ?? []) {
    if (change.seq > seq) break;
    isMember = change.isMember || change.seq === seq;
  }
  return isMember;
}

/** A room's newest seq in the final log. */
export function headOf(facts: Facts, room: string): number {
  return facts.log.get(room)?.at(-1)?.seq ?? 0;
}

/** Appends to a list in a map. */
export function push<K, V>(map: Map<K, V[]>, key: K, value: V): void {
  const list = map.get(key);
  if (list) list.push(value);
  else map.set(key, [value]);
}

/** The log has a message's current text only; clients that received it earlier saw an earlier one. */
function gatherTexts(facts: Facts, event: Seen): void {
  const { message = '', actor, cid } = event;
  const [send] = cid === undefined ? [] : (facts.sends.get(keyOf(actor, cid)) ?? []);
  const edits = (facts.edits.get(message) ?? []).filter(({ outcome }) => outcome?.type !== 'refused');
  const texts = [...(send ? [send] : []), ...edits].flatMap(({ intent }) => intent.text ?? []);
  facts.texts.set(message, new Set(texts));
  for (const text of texts) speak(facts, event, text);
}

/** Records the text of a message. Deleted messages have none. */
function speak(facts: Facts, event: Seen, text: string | undefined): void {
  if (text === undefined) return;
  const key = keyOf(event.room, text);
  if (!facts.spoken.get(key)?.includes(event)) push(facts.spoken, key, event);
}

function addLogged(facts: Facts, event: Seen): void {
  const { room, seq, name } = event;
  push(facts.log, room, event);
  facts.logged.set(keyOf(room, seq), event);
  if (name === 'message.created') {
    if (event.cid !== undefined) push(facts.created, keyOf(event.actor, event.cid), event);
    speak(facts, event, event.text);
  }
  if (name === 'message.deleted' && event.message !== undefined) facts.deleted.add(event.message);
  if ((name === 'member.joined' || name === 'member.left') && event.user !== undefined) {
    push(facts.memberships, keyOf(room, event.user), { seq, isMember: name === 'member.joined' });
  }
}
