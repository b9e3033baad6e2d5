import type { Answer } from './doors/door.js';
import { Rest } from './doors/rest.js';
import { type HistoryWriter, type Intent, type Seen, seenOf } from './history.js';
import { pause, type Random } from './random.js';
import { recordAnswer } from './record-answer.js';

/** How often a call that must work is tried. */
const TRIES = 100;

/**
 * Who owns the rooms, goes past the proxy, and reads the final log. In the private room the keeper lets people in and
 * takes them out again.
 */
export class Keeper {
  readonly #nodes: readonly Rest[];
  readonly #history: HistoryWriter;
  readonly #urls: readonly string[];
  #user = '';
  #calls = 0;

  /** Asks the nodes in turn. */
  constructor(urls: readonly string[], history: HistoryWriter) {
    this.#urls = urls;
    this.#nodes = urls.map((url) => new Rest(url));
    this.#history = history;
  }

  /** Comes in, and makes the rooms; the last one is private. Answers their ids, the lobby's first. */
  async open(count: number): Promise<string[]> {
    const { token, user } = await this.guest('keeper');
    for (const node of this.#nodes) node.token = token;
    this.#user = user;
    const rooms = ['lobby'];
    for (let number = 1; number < count; number += 1) {
      const kind = number === count - 1 ? 'private' : 'public';
      const made = await this.#sure('room.create', { name: `room ${number}`, kind });
      rooms.push((made['room'] as { id: string }).id);
    }
    return rooms;
  }

  /** A new guest, who is in the lobby from the start. */
  async guest(name: string): Promise<{ user: string; token: string }> {
    const nodes = this.#urls.map((url) => new Rest(url));
    const made = await this.#sure('session.start', { name }, nodes);
    for (const node of nodes) node.close();
    const user = (made['user'] as { id: string }).id;
    const op = this.#history.newOp();
    const intent = { command: 'session.start', room: 'lobby', user };
    this.#history.add({ type: 'invoked', op, client: 'keeper', user, intent });
    this.#history.add({ type: 'acked', op });
    return { user, token: String(made['token']) };
  }

  /** Lets somebody into the private room or takes them out, now and then, until told to stop. */
  async tend(room: string, users: readonly string[], random: Random, isStopped: () => boolean): Promise<void> {
    while (!isStopped()) {
      await pause(random.between(100, 500));
      const user = random.pick(users);
      const command = random.chance(0.6) ? 'room.invite' : 'room.remove';
      await this.attempt({ command, room, user }, { room, user });
    }
  }

  async attempt(intent: Intent, input: Record<string, unknown>): Promise<Answer> {
    const op = this.#history.newOp();
    this.#history.add({ type: 'invoked', op, client: 'keeper', user: this.#user, intent });
    const answer = await this.#next().call(intent.command, input);
    recordAnswer(this.#history, op, answer);
    return answer;
  }

  /** A room's whole log, read page by page by somebody who sees it for the first time. */
  async readLog(room: string): Promise<Seen[]> {
    const events: Seen[] = [];
    for (;;) {
      const after = events.at(-1)?.seq ?? 0;
      const page = await this.#sure('log.read', { room, after, limit: 200 });
      for (const { type, ...body } of page['events'] as ({ type: string } & Record<string, unknown>)[]) {
        events.push(seenOf(type, body));
      }
      if (page['more'] !== true) return events;
      if ((events.at(-1)?.seq ?? 0) === after) return events;
    }
  }

  close(): void {
    for (const node of this.#nodes) node.close();
  }

  #next(nodes = this.#nodes): Rest {
    this.#calls += 1;
    return nodes[this.#calls % nodes.length] as Rest;
  }

  async #sure(name: string, input: Record<string, unknown>, nodes = this.#nodes): Promise<Record<string, unknown>> {
    let last: Answer | undefined;
    for (let tries = 0; tries < TRIES; tries += 1) {
      last = await this.#next(nodes).call(name, input);
      if ('result' in last) return last.result;
      await pause(100);
    }
    throw new Error(`${name} does not work: ${JSON.stringify(last)}`);
  }
}
