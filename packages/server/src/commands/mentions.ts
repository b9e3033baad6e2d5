import { formatLimits, type UserRef } from '@madang/protocol';
import { membersNamed } from '../store/queries/mentions.js';
import type { Store } from '../store/store.js';

/** So many `@` of one message are looked at: who names more people than that means nobody of them. */
const MAX_PLACES = 20;

// Hangul may stand right before and right after: 안녕@민지, @민지야. Other letters make it an address or another word.
const MARK = /(?<!(?!\p{Script=Hangul})[\p{L}\p{M}\p{N}._-])@/gu;
const NAME_ENDS = /^(?:$|\p{Script=Hangul}|[^\p{L}\p{M}\p{N}])/u;

/**
 * What each `@` of a text may stand for: the texts that follow it, the longest first, in lower case, each ending where a name
 * may end. Names can have spaces.
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

/** Finds whom messages mention. */
export class Mentions {
  readonly #store: Store;
  /** What is being looked up for an author's messages, so that those behind it stay behind. */
  readonly #pending = new Map<string, Promise<unknown>>();

  constructor(store: Store) {
    this.#store = store;
  }

  /**
   * The ids of the members of a room whom a text mentions: for each `@` those who bear the longest name that follows it,
   * whatever its case. An author's messages are answered in the order in which they were asked for; undefined where there
   * is nothing to wait for.
   */
  of(author: string, room: string, text: string): Promise<readonly string[] | undefined> | undefined {
    const pending = this.#pending.get(author);
    if (!text.includes('@') && !pending) return undefined;
    const found = text.includes('@') ? this.#find(room, text) : Promise.resolve(undefined);
    // It may fail before anybody waits for it.
    found.catch(() => undefined);
    const answer = pending ? pending.then(() => found) : found;
    const settled = answer.catch(() => undefined);
    // Not before the message has gone on its way: one that comes in between must still wait behind it.
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
