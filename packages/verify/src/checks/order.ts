import { type Facts, headOf, isMemberAt, keyOf, type Receipt, type Violation } from './facts.js';

/** What one connection has brought of one room. */
interface Stream {
  newest: number;
  brought: Set<number>;
  /** The server has said that it skipped something after `newest`. */
  isBehind: boolean;
  /** `newest` is the client's own leave. */
  isOut: boolean;
}

/**
 * The wire: over one connection a room's live events come in order (the connection may repeat its own), and none is
 * left out silently: there must be a `room.behind`, or, after leaving, the user's own new join. (A node that is cut off
 * does not receive joins and leaves elsewhere meanwhile; what those users may read is in the log.)
 */
export function checkWire(facts: Facts): Violation[] {
  const streams = new Map<string, Stream>();
  const violations: Violation[] = [];
  for (const entry of facts.entries) {
    if (entry.type === 'behind') {
      const stream = streams.get(keyOf(entry.connection, entry.room));
      if (stream) stream.isBehind = true;
    } else if (entry.type === 'received' && entry.how === 'live') {
      const key = keyOf(entry.connection, entry.event.room);
      const stream = streams.get(key);
      if (stream) violations.push(...follow(stream, entry, facts));
      else {
        const { seq } = entry.event;
        streams.set(key, { newest: seq, brought: new Set([seq]), isBehind: false, isOut: isOwn(entry, 'member.left') });
      }
    }
  }
  return violations;
}

function follow(stream: Stream, entry: Receipt, facts: Facts): Violation[] {
  const { room, seq } = entry.event;
  const { newest } = stream;
  const place = `${entry.client} (connection ${entry.connection}) got ${room}.${seq} after ${room}.${newest}`;
  const where = { client: entry.client, room, seq, t: entry.t };
  const isRepeat = stream.brought.has(seq);
  stream.brought.add(seq);
  if (seq <= newest) return isRepeat ? [] : [{ kind: 'disorder', words: place, ...where }];
  stream.newest = seq;
  const isAnnounced = stream.isBehind || (stream.isOut && isOwn(entry, 'member.joined'));
  stream.isBehind = false;
  stream.isOut = isOwn(entry, 'member.left');
  if (isAnnounced) return [];
  for (let missed = newest + 1; missed < seq; missed += 1) {
    if (isMemberAt(facts, entry.user, room, missed)) {
      return [{ kind: 'gap', words: `${place}; nobody told it of ${missed}`, ...where }];
    }
  }
  return [];
}

function isOwn({ event, user }: Receipt, name: 'member.joined' | 'member.left'): boolean {
  return event.name === name && event.user === user;
}

/** A client's view of a room. */
interface View {
  client: string;
  user: string;
  room: string;
  last: number;
  shown: Set<number>;
  /** It shows something from a history that is over. */
  isStale: boolean;
}

/**
 * Views: each shows a room's events once, in order, without a gap, and at the end up to the head. After a restore, each
 * starts over before it shows anything more.
 */
export function checkViews(facts: Facts): Violation[] {
  const views = new Map<string, View>();
  const violations: Violation[] = [];
  const states = new Map<string, string>();
  let staying: readonly string[] = [];
  for (const entry of facts.entries) {
    if (entry.type === 'lagging') states.set(keyOf(entry.client, entry.room), entry.state);
    if (entry.type === 'quiet') staying = entry.clients;
    if (entry.type === 'restored') {
      // Whatever was shown before was judged by the log of that time.
      violations.length = 0;
      for (const view of views.values()) view.isStale ||= view.shown.size > 0;
    }
    if (entry.type !== 'begins' && entry.type !== 'ends' && entry.type !== 'applied') continue;
    const { client, user, room } = entry;
    const key = keyOf(client, room);
    if (entry.type === 'ends') {
      views.delete(key);
      continue;
    }
    const known = views.get(key);
    const view =
      !known || (known.isStale && entry.type === 'begins')
        ? { client, user, room, last: 0, shown: new Set<number>(), isStale: false }
        : known;
    views.set(key, view);
    if (entry.type === 'begins') {
      view.last = entry.after;
      continue;
    }
    const { seq } = entry;
    if (view.isStale) {
      const words = `${client} shows ${room}.${seq} beside what it has of a history that a restore has ended`;
      violations.push({ kind: 'epoch', words, client, room, seq, t: entry.t });
      continue;
    }
    const place = `${client} shows ${room}.${seq} after ${room}.${view.last}`;
    const where = { client, room, seq, t: entry.t };
    if (view.shown.has(seq)) violations.push({ kind: 'twice', words: `${place}, and has shown it before`, ...where });
    else if (seq < view.last) violations.push({ kind: 'disorder', words: place, ...where });
    else if (seq > view.last + 1) violations.push({ kind: 'gap', words: place, ...where });
    view.shown.add(seq);
    view.last = Math.max(view.last, seq);
  }
  for (const { client, user, room, last, isStale } of views.values()) {
    const head = headOf(facts, room);
    // A user whose own leave is the newest event need not know of it, since they can no longer read it.
    if ((last >= head && !isStale) || !staying.includes(client) || !isMemberAt(facts, user, room, head + 1)) continue;
    const has = isStale
      ? `${client} has ${room} as it was before a restore`
      : `${client} has ${room} up to ${last} only; its head is ${head}`;
    const state = states.get(keyOf(client, room));
    const words = state === undefined ? has : `${has} (${state})`;
    violations.push({ kind: 'gap', words, client, room, seq: last + 1, isFinal: true });
  }
  return violations;
}
