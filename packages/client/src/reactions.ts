import { formatLimits, type Message, type Reaction, type UserRef } from '@madang/protocol';

/** A user adds an emoji to a message, or removes theirs. */
export interface ReactionChange {
  emoji: string;
  action: 'added' | 'removed';
  user: UserRef;
}

/** A message's reactions after a change. `me` is the caller's id, for `reacted`. */
export function react(reactions: readonly Reaction[], change: ReactionChange, me: string): Reaction[] {
  const index = reactions.findIndex(({ emoji }) => emoji === change.emoji);
  const reaction = reactions[index] ?? { emoji: change.emoji, count: 0, users: [] };
  const after =
    change.action === 'added' ? withUser(reaction, change.user, me) : withoutUser(reaction, change.user, me);
  if (after.count === 0) return reactions.filter(({ emoji }) => emoji !== change.emoji);
  return index === -1 ? [...reactions, after] : reactions.with(index, after);
}

function withUser(reaction: Reaction, user: UserRef, me: string): Reaction {
  const users = reaction.users.length < formatLimits.reactionUsers ? [...reaction.users, user] : reaction.users;
  return { ...reaction, users, count: reaction.count + 1, reacted: reaction.reacted === true || user.id === me };
}

function withoutUser(reaction: Reaction, user: UserRef, me: string): Reaction {
  const users = reaction.users.filter(({ id }) => id !== user.id);
  return { ...reaction, users, count: reaction.count - 1, reacted: reaction.reacted === true && user.id !== me };
}

/** A reaction that the caller wants to be there or not, until the server has answered. */
interface Wish {
  isAdded: boolean;
  done: Promise<void>;
}

/** The wishes for one message, and the message as shown with them: the same object until something changes. */
interface Wishes {
  byEmoji: Map<string, Wish>;
  shown: { of: Message; as: Message } | undefined;
}

/**
 * The caller's reactions that the server has not answered yet. Messages show them as if it had, until the answer replaces
 * them or a refusal undoes them.
 */
export class PendingReactions {
  readonly #send: (message: string, emoji: string, isAdded: boolean) => Promise<void>;
  readonly #changed: () => void;
  readonly #wishes = new Map<string, Wishes>();

  /** `send` tells the server and applies its answer; `changed` is called when a message looks different. */
  constructor(send: (message: string, emoji: string, isAdded: boolean) => Promise<void>, changed: () => void) {
    this.#send = send;
    this.#changed = changed;
  }

  /**
   * Adds or removes a reaction. Resolves once the server has applied the last wish for this emoji, and rejects if it refuses.
   * One call is open at a time: a change of mind is sent after the answer.
   */
  set(message: string, emoji: string, isAdded: boolean): Promise<void> {
    const wishes = this.#wishes.get(message) ?? { byEmoji: new Map<string, Wish>(), shown: undefined };
    this.#wishes.set(message, wishes);
    let wish = wishes.byEmoji.get(emoji);
    if (wish) {
      wish.isAdded = isAdded;
    } else {
      wish = { isAdded, done: Promise.resolve() };
      wishes.byEmoji.set(emoji, wish);
      wish.done = this.#grant(message, emoji, wish);
    }
    wishes.shown = undefined;
    this.#changed();
    return wish.done;
  }

  /** A message as shown with the caller's wishes. */
  on(message: Message, me: UserRef | undefined): Message {
    const wishes = this.#wishes.get(message.id);
    if (!wishes || !me || message.deletedAt !== undefined) return message;
    if (wishes.shown?.of !== message) wishes.shown = { of: message, as: wished(message, wishes.byEmoji, me) };
    return wishes.shown.as;
  }

  async #grant(message: string, emoji: string, wish: Wish): Promise<void> {
    try {
      for (;;) {
        const { isAdded } = wish;
        // oxlint-disable-next-line no-await-in-loop -- the next call must not overtake this one
        await this.#send(message, emoji, isAdded);
        if (wish.isAdded === isAdded) return;
      }
    } finally {
      this.#forget(message, emoji);
    }
  }

  #forget(message: string, emoji: string): void {
    const wishes = this.#wishes.get(message);
    if (!wishes) return;
    wishes.byEmoji.delete(emoji);
    wishes.shown = undefined;
    if (wishes.byEmoji.size === 0) this.#wishes.delete(message);
    this.#changed();
  }
}

function wished(message: Message, byEmoji: ReadonlyMap<string, Wish>, user: UserRef): Message {
  let reactions = message.reactions ?? [];
  for (const [emoji, { isAdded }] of byEmoji) {
    const has = reactions.some((each) => each.emoji === emoji && each.reacted);
    if (has !== isAdded) reactions = react(reactions, { emoji, action: isAdded ? 'added' : 'removed', user }, user.id);
  }
  return { ...message, reactions };
}
