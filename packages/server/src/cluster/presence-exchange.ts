import type { Bus } from './bus.js';
import type { NodeMessage } from './node-message.js';
import type { RemotePresence } from './remote-presence.js';
import type { Peers } from './peers.js';
import type { Presence, ToldPresence } from '../presence/presence.js';

/** How long changes are collected before they are sent to other nodes, in ms. */
const TELL_MS = 100;

/** How long to wait for an answer to "who is there?", in ms. */
const ANSWER_MS = 300;

/** How long the users in a room that isn't followed here are remembered, in ms. */
const REMEMBER_MS = 5000;

/** The most users in one message. */
const PART = 500;

/** After an interruption: how many rooms to ask about at a time, and the interval in ms. */
const ASK_AGAIN = { rooms: 100, ms: 100 };

/** Dependencies. */
export interface PresenceExchangeParts {
  node: string;
  bus: () => Bus;
  peers: Peers;
  presence: Presence;
  elsewhere: RemotePresence;
  isHeard: (room: string) => boolean;
}

interface Question {
  waitsFor: Set<string>;
  done: Promise<void>;
  resolve: () => void;
}

/**
 * Exchanges which users of a room are present on which node. Nodes publish on the room's topic, so only to nodes that
 * follow it. A node that begins to follow a room asks. Nothing is kept in Redis, so nothing can be lost there.
 */
export class PresenceExchange {
  readonly #parts: PresenceExchangeParts;
  readonly #questions = new Map<string, Question>();
  /** The parts received so far of answers in several parts. */
  readonly #answers = new Map<string, ToldPresence[]>();
  readonly #untold = new Map<string, Map<string, ToldPresence>>();
  readonly #again = new Set<string>();
  #telling: NodeJS.Timeout | undefined;
  #asking: NodeJS.Timeout | undefined;

  constructor(parts: PresenceExchangeParts) {
    this.#parts = parts;
  }

  /** Resolves when the room's users on other nodes are known, or can't be for now. */
  know(room: string): Promise<void> {
    if (!this.#parts.peers.isUp) return Promise.resolve();
    const question = this.#questions.get(room);
    if (question) return question.done;
    setTimeout(() => this.#forgetUnheard(room), REMEMBER_MS).unref();
    return this.ask(room);
  }

  /** Tells the other nodes which users are here now, or no longer are. */
  tell(people: readonly { told: ToldPresence; rooms: Iterable<string> }[]): void {
    for (const { told, rooms } of people) {
      for (const room of rooms) {
        const untold = this.#untold.get(room);
        if (untold) untold.set(told.user.id, told);
        else this.#untold.set(room, new Map([[told.user.id, told]]));
      }
    }
    this.#telling ??= setTimeout(() => this.#tellNow(), TELL_MS);
  }

  /** Asks the other nodes for their users in a room. Resolves when all have answered, or after the time limit. */
  ask(room: string): Promise<void> {
    const { bus, node, peers } = this.#parts;
    this.#questions.get(room)?.resolve();
    let resolve = (): void => undefined;
    const done = new Promise<void>((settle) => (resolve = settle));
    const question = { waitsFor: new Set(peers.heard), done, resolve };
    this.#questions.set(room, question);
    if (question.waitsFor.size === 0) resolve();
    else setTimeout(resolve, ANSWER_MS).unref();
    bus().publish(`room:${room}`, JSON.stringify({ kind: 'who', node, room } satisfies NodeMessage));
    return done;
  }

  /** Asks again about all rooms followed here: something may have been missed. */
  askAgain(rooms: Iterable<string>): void {
    for (const room of rooms) this.#again.add(room);
    this.#asking ??= setInterval(() => this.#askSome(), ASK_AGAIN.ms);
  }

  /** Answers a node's question. */
  answer(message: Extract<NodeMessage, { kind: 'who' }>): void {
    const { bus, node, presence } = this.#parts;
    const people = presence.toldIn(message.room);
    for (let start = 0; start === 0 || start < people.length; start += PART) {
      const isLast = start + PART >= people.length;
      const part: NodeMessage = {
        kind: 'presence',
        node,
        room: message.room,
        people: people.slice(start, start + PART),
        answers: isLast ? 'last' : 'part',
      };
      bus().publish(`node:${message.node}`, JSON.stringify(part));
    }
  }

  /** Receives a node's users, sent unasked or as an answer. */
  take({ node, room, people, answers }: Extract<NodeMessage, { kind: 'presence' }>): void {
    const { elsewhere } = this.#parts;
    if (!this.#questions.has(room)) return;
    if (answers === undefined) return elsewhere.take(node, room, people);
    const key = `${node} ${room}`;
    const all = [...(this.#answers.get(key) ?? []), ...people];
    if (answers === 'part') return void this.#answers.set(key, all);
    this.#answers.delete(key);
    elsewhere.replace(node, room, all);
    const question = this.#questions.get(room);
    question?.waitsFor.delete(node);
    if (question?.waitsFor.size === 0) question.resolve();
  }

  /** A room is no longer followed here. */
  forget(room: string): void {
    this.#questions.get(room)?.resolve();
    this.#questions.delete(room);
    this.#again.delete(room);
    for (const user of this.#parts.elsewhere.forgetRoom(room)) this.#parts.presence.forget(user);
  }

  close(): void {
    clearTimeout(this.#telling);
    clearInterval(this.#asking);
  }

  #forgetUnheard(room: string): void {
    if (!this.#parts.isHeard(room)) this.forget(room);
  }

  #askSome(): void {
    let left = ASK_AGAIN.rooms;
    for (const room of this.#again) {
      if (left-- === 0) return;
      this.#again.delete(room);
      if (this.#parts.isHeard(room)) void this.ask(room);
    }
    clearInterval(this.#asking);
    this.#asking = undefined;
  }

  #tellNow(): void {
    this.#telling = undefined;
    const { bus, node } = this.#parts;
    for (const [room, untold] of this.#untold) {
      const people = [...untold.values()];
      for (let start = 0; start < people.length; start += PART) {
        const message: NodeMessage = { kind: 'presence', node, room, people: people.slice(start, start + PART) };
        bus().publish(`room:${room}`, JSON.stringify(message));
      }
    }
    this.#untold.clear();
  }
}
