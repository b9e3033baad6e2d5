import type { ContractClient } from './clients.js';
import type { Answer } from './transports/transport.js';
import type { Intent } from './history.js';
import { pause, type Random, within } from './random.js';

/** A message that an actor may edit, delete, react to, or send again. */
interface Known {
  message: string;
  room: string;
  user: string;
  cid: string;
  text: string;
}

/** A send without a final outcome yet. */
interface Send {
  room: string;
  cid: string;
  text: string;
}

/** Shared by all actors: the newest of the acknowledged messages. */
export class Board {
  readonly #known: Known[] = [];
  acknowledged = 0;

  add(known: Known): void {
    this.acknowledged += 1;
    this.#known.push(known);
    if (this.#known.length > 400) this.#known.splice(0, 200);
  }

  /** A message in one of some rooms. */
  pickIn(rooms: ReadonlySet<string>, random: Random): Known | undefined {
    const choice = this.#known.filter(({ room }) => rooms.has(room));
    return choice.length > 0 ? random.pick(choice) : undefined;
  }

  pick(random: Random, mine?: string): Known | undefined {
    const choice = mine === undefined ? this.#known : this.#known.filter(({ user }) => user === mine);
    return choice.length > 0 ? random.pick(choice) : undefined;
  }
}

/** How busy an actor is. */
export interface Pace {
  /** Mean time between actions, in ms. */
  meanMs: number;
  /** The most sends in flight at the same time. */
  inFlight: number;
}

/** Options of an actor. */
export interface ActorOptions {
  random: Random;
  rooms: readonly string[];
  board: Board;
  pace: Pace;
  /** Joins and leaves no rooms. */
  staysPut?: boolean;
}

const emoji = ['👍', '🎉', '❤️'] as const;

/** Refusals after which a send is retried, as an outbox does. */
const transient = new Set(['unavailable', 'rate_limited']);

/**
 * Acts at random, as a user would, through one client. Repeats sends under their `clientId` until there is an answer.
 */
export class Actor {
  readonly #client: ContractClient;
  readonly #random: Random;
  readonly #rooms: readonly string[];
  readonly #board: Board;
  readonly #pace: Pace;
  readonly #staysPut: boolean;
  readonly #sends = new Set<Promise<void>>();
  #number = 0;
  #isStopped = false;
  #isAbandoned = false;
  /** The server has asked for a pause until then. */
  #restsUntil = 0;
  #running: Promise<void> | undefined;

  constructor(client: ContractClient, options: ActorOptions) {
    this.#client = client;
    this.#staysPut = options.staysPut === true;
    this.#random = options.random;
    this.#rooms = options.rooms;
    this.#board = options.board;
    this.#pace = options.pace;
  }

  start(): void {
    this.#running ??= this.#run();
  }

  /** Starts nothing new. Resolves when everything begun is settled, or after `limitMs`. */
  async stop(limitMs: number): Promise<void> {
    this.#isStopped = true;
    const settled = Promise.all([this.#running, ...this.#sends]);
    await within(settled, limitMs, undefined);
    this.#isAbandoned = true;
    await settled;
  }

  async #run(): Promise<void> {
    while (!this.#isStopped) {
      await pause(this.#random.next() * 2 * this.#pace.meanMs);
      if (!this.#client.isConnected() || performance.now() < this.#restsUntil) continue;
      await this.#act();
    }
  }

  async #act(): Promise<void> {
    const random = this.#random;
    const client = this.#client;
    const mine = this.#rooms.filter((room) => client.isMemberOf(room));
    const choice = random.next();
    if (this.#staysPut && (mine.length === 0 || choice < 0.08)) return;
    if (mine.length === 0 || choice < 0.05) return this.#join(random.pick(this.#rooms));
    const room = random.pick(mine);
    if (choice < 0.08) return this.#leave(room);
    if (choice < 0.16) return this.#edit();
    if (choice < 0.19) return this.#delete();
    if (choice < 0.3) return this.#react();
    if (choice < 0.36) return this.#repeat();
    if (this.#sends.size >= this.#pace.inFlight) return;
    this.#number += 1;
    const cid = `${client.id}-${this.#number}`;
    const filler = random.chance(0.05) ? random.between(1000, 6000) : random.between(0, 120);
    this.#begin({ room, cid, text: `${cid} ${'가나다 abc '.repeat(filler).slice(0, filler)}`.trim() });
  }

  #begin(send: Send): void {
    const sending = this.#send(send).finally(() => this.#sends.delete(sending));
    this.#sends.add(sending);
  }

  async #send(send: Send): Promise<void> {
    const { room, cid, text } = send;
    while (!this.#isAbandoned) {
      const intent = { command: 'message.send', room, cid, text: text.slice(0, 40) };
      const answer = await this.#attempt(intent, { room, text, clientId: cid });
      if (answer && 'result' in answer) {
        // The SDK makes its own.
        const { id, clientId = cid } = answer.result['message'] as { id: string; clientId?: string };
        this.#board.add({ message: id, room, user: this.#client.user, cid: clientId, text });
        return;
      }
      if (answer && 'error' in answer && !transient.has(answer.error.code)) return;
      do await pause(this.#random.between(20, 200));
      while (performance.now() < this.#restsUntil && !this.#isAbandoned);
    }
  }

  async #attempt(intent: Intent, input: Record<string, unknown>): Promise<Answer | undefined> {
    const answer = await this.#client.attempt(intent, input);
    if (answer && 'error' in answer && answer.error.retryAfter !== undefined) {
      this.#restsUntil = performance.now() + answer.error.retryAfter * 1000;
    }
    return answer;
  }

  /** Repeats a send long after it was answered. */
  async #repeat(): Promise<void> {
    const known = this.#board.pick(this.#random, this.#client.user);
    if (!known) return;
    const { room, cid, text } = known;
    const intent = { command: 'message.send', room, cid, text: text.slice(0, 40) };
    await this.#attempt(intent, { room, text, clientId: cid });
  }

  async #edit(): Promise<void> {
    const known = this.#board.pick(this.#random, this.#client.user);
    if (!known) return;
    this.#number += 1;
    const text = `${this.#client.id}-edit-${this.#number}`;
    const { room, message } = known;
    await this.#attempt({ command: 'message.edit', room, message, text }, { message, text });
  }

  async #delete(): Promise<void> {
    const known = this.#board.pick(this.#random, this.#client.user);
    if (!known) return;
    const { room, message } = known;
    await this.#attempt({ command: 'message.delete', room, message }, { message });
  }

  async #react(): Promise<void> {
    const known = this.#board.pick(this.#random);
    if (!known || !this.#client.isMemberOf(known.room)) return;
    const { room, message } = known;
    const chosen = this.#random.pick(emoji);
    const remove = this.#random.chance(0.3);
    const intent = {
      command: 'message.react',
      room,
      message,
      emoji: chosen,
      action: remove ? 'removed' : 'added',
    };
    await this.#attempt(intent, { message, emoji: chosen, ...(remove && { remove }) });
  }

  async #join(room: string): Promise<void> {
    await this.#attempt({ command: 'room.join', room, user: this.#client.user }, { room });
  }

  async #leave(room: string): Promise<void> {
    await this.#attempt({ command: 'room.leave', room, user: this.#client.user }, { room });
  }
}
