import { formatLimits, type UserRef } from '@madang/protocol';
import { membersNamed } from '../store/queries/mentions.js';
import type { Store } from '../store/store.js';

/** The most `@` of one message that are considered. */
const MAX_PLACES = 20;

// Hangul may come right before and right after: 안녕@민지, @민지야. Other letters make it an address or another word.
const MARK = /(?<!(?!\p{Script=Hangul})[\p{L}\p{M}\p{N}._-])@/gu;
const NAME_ENDS = /^(?:$|\p{Script=Hangul}|[^\p{L}\p{M}\p{N}])/u;

/**
 * The names that each `@` of a text may refer to: the texts that follow it, the longest first, in lower case, each
 * ending where a name may end. Names can contain spaces.
 */
export function mentionCandidates(text: string): string[][] {
  const normal = text.normalize('NFC');
  return Array.from(normal.matchAll(MARK))
    .slice(0, MAX_PLACES)
    .map(({ index }) => {
      const after = Array.from(normal.slice(index + 1, index + 1 + 2 * formatLimits.nicknameChars + 2));
      const names: string[] = [];
      for (let end = Math.min(after.length, formatLimits.nicknameChars); end > 0; end -= 1) {
        const isEnd = NAME_ENDS.test(after[end] ?? '') && after[end - 1] !== ' ';
        if (isEnd) names.push(after.slice(0, end).join('').toLowerCase());
      }
      return names;
    });
}

/** Finds the users whom messages mention. */
export class Mentions {
  readonly #store: Store;
  /** The lookups in progress for an author's messages, so that later messages wait for them. */
  readonly #pending = new Map<string, Promise<unknown>>();

  constructor(store: Store) {
    this.#store = store;
  }

  /**
   * The ids of the members of a room whom a text mentions: for each `@` those who have the longest name that follows
   * it, in upper or lower case. An author's messages are answered in the order in which they were asked for; undefined
   * if there is nothing to wait for.
   */
  of(author: string, room: string, text: string): Promise<readonly string[] | undefined> | undefined {
    const pending = this.#pending.get(author);
    if (!text.includes('@') && !pending) return undefined;
    const found = text.includes('@') ? this.#find(room, text) : Promise.resolve(undefined);
    // It may fail before anybody waits for it.
    found.catch(() => undefined);
    const answer = pending ? pending.then(() => found) : found;
    const settled = answer.catch(() => undefined);
    // Only after the message has been passed on: one that arrives in between must still wait behind it.
    const forget = () => {
      if (this.#pending.get(author) === settled) this.#pending.delete(author);
    };
    void settled.then(() => setImmediate(forget));
    this.#pending.set(author, settled);
    return answer;
  }

  async #find(room: string, text: string): Promise<readonly string[] | undefined> {
    const places = mentionCandidates(text);
    const names = [...new Set(places.flat())];
    if (names.length === 0) return undefined;
    const members = await membersNamed(this.#store.read, room, names);
    const users = places.flatMap((place) => bearersOf(place, members));
    return users.length > 0 ? [...new Set(users)] : undefined;
  }
}

function bearersOf(place: readonly string[], members: readonly UserRef[]): string[] {
  const longest = place.find((name) => members.some((member) => member.name === name));
  return members.filter(({ name }) => name === longest).map(({ id }) => id);
}
