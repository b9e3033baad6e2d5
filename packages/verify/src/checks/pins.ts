import type { Seen } from '../history.js';
import type { Facts, Violation } from './facts.js';

/**
 * A message is pinned and unpinned in turn, never after its deletion, which unpins it; and what a fresh reader is told is
 * pinned is what the log says.
 */
export function checkPins(facts: Facts): Violation[] {
  const violations: Violation[] = [];
  const pins = new Map<string, string[]>();
  for (const [room, events] of facts.log) pins.set(room, follow(room, events, violations));
  for (const entry of facts.entries) {
    if (entry.type !== 'pinned') continue;
    const { room, messages } = entry;
    const [told, logged] = [messages.join(' '), (pins.get(room) ?? []).join(' ')];
    if (told === logged) continue;
    violations.push({ kind: 'log', words: `pinned in ${room} are "${told}", by the log "${logged}"`, room });
  }
  return violations;
}

/** The messages that are pinned at the end of a log, the last pinned first. */
function follow(room: string, events: readonly Seen[], violations: Violation[]): string[] {
  let pinned: string[] = [];
  const deleted = new Set<string>();
  for (const { name, seq, message = '' } of events) {
    const isPinned = pinned.includes(message);
    const wrong = (words: string) =>
      violations.push({ kind: 'log', words: `${room}.${seq} ${words} ${message}`, room, seq });
    if (name === 'message.deleted') deleted.add(message);
    if (name === 'message.pinned') {
      if (isPinned) wrong('pins once more');
      if (deleted.has(message)) wrong('pins the deleted');
      pinned = [message, ...pinned.filter((each) => each !== message)];
    }
    if (name === 'message.unpinned') {
      if (!isPinned) wrong('unpins the unpinned');
      pinned = pinned.filter((each) => each !== message);
    }
  }
  for (const message of pinned) {
    if (deleted.has(message)) violations.push({ kind: 'log', words: `${message} was deleted and stayed pinned`, room });
  }
  return pinned;
}
