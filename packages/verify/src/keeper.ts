import type { Answer } from './transports/transport.js';
import { Rest } from './transports/rest.js';
import { type HistoryWriter, type Intent, type Seen, seenOf } from './history.js';
import { pause, type Random } from './random.js';
import { recordAnswer } from './record-answer.js';

/** How often a call that must succeed is tried. */
const TRIES = 100;

/** Refusals that won't pass with time. */
const final = new Set(['forbidden', 'unauthenticated', 'invalid_input']);

/** The workspace is somebody else's: the workload stays within private rooms of its own. */
export interface Visit {
  /** The prefix of its rooms' and guests' names, by which people recognise them. */
  name: string;
  /** Sessions to use instead of guests'; the first one's user owns the rooms. Empty: new guests. */
  tokens: readonly string[];
}

/** A call that must succeed was finally refused. */
export class RefusedError extends Error {
  readonly command: string;
  readonly code: string;

  constructor(command: string, error: { code: string; message: string }) {
    super(error.message);
    this.command = command;
    this.code = error.code;
  }
}

/** A message, and where it is. */
interface Place {
  room: string;
  message: string;
}

/** A user who has a session. */
interface Identity {
  user: string;
  token: string;
}

/**
 * Owns the rooms, bypasses the proxy, and reads the final log. In private rooms it lets users in and removes them
 * again.
 */
export class Keeper {
  readonly #nodes: readonly Rest[];
  readonly #history: HistoryWriter;
  readonly #urls: readonly string[];
  readonly #visit: Visit | undefined;
  /** Those that it owns. */
  readonly #rooms = new Set<string>();
  readonly #privateRooms: string[] = [];
  readonly #guests: Identity[] = [];
  #user = '';
  #calls = 0;
  #comings = 0;

  /** Uses the nodes in turn. */
  constructor(urls: readonly string[], history: HistoryWriter, visit?: Visit) {
    this.#urls = urls;
    this.#nodes = urls.map((url) => new Rest(url));
    this.#history = history;
    this.#visit = visit;
  }

  get user(): string {
    return this.#user;
  }

  /**
   * Signs in, and creates the rooms. Returns their ids: first the lobby's; the last one is private. On a visit all are
   * private, and none is the lobby.
   */
  async open(count: number): Promise<string[]> {
    const { token, user } = await this.guest('keeper');
    for (const node of this.#nodes) node.token = token;
    this.#user = user;
    const rooms = this.#visit ? [] : ['lobby'];
    for (let number = rooms.length; number < count; number += 1) {
      const kind = this.#visit || number === count - 1 ? 'private' : 'public';
      const made = await this.#sure('room.create', { name: this.#named(`room ${number}`), kind });
      const { id } = made['room'] as { id: string };
      rooms.push(id);
      this.#rooms.add(id);
      if (kind === 'private') this.#privateRooms.push(id);
    }
    return rooms;
  }

  /** A new guest, who is in the lobby from the start; on a visit they leave it before they receive anything. */
  async guest(name: string): Promise<Identity> {
    const { tokens = [] } = this.#visit ?? {};
    const rests = this.#urls.map((url) => new Rest(url));
    try {
      if (tokens.length > 0) return await this.#known(tokens, rests);
      const made = await this.#sure('session.start', { name: this.#named(name) }, rests);
      const user = (made['user'] as { id: string }).id;
      const token = String(made['token']);
      this.#guests.push({ user, token });
      const op = this.#history.newOp();
      const intent = { command: 'session.start', room: 'lobby', user };
      this.#history.add({ type: 'invoked', op, client: 'keeper', user, intent });
      this.#history.add({ type: 'acked', op });
      if (this.#visit) {
        for (const rest of rests) rest.token = token;
        for (const { id } of made['rooms'] as { id: string }[]) await this.#sure('room.leave', { room: id }, rests);
      }
      return { user, token };
    } finally {
      for (const rest of rests) rest.close();
    }
  }

  /** On a visit: lets users into the rooms, which they can't join on their own. */
  async admit(users: readonly string[]): Promise<void> {
    if (!this.#visit) return;
    for (const room of this.#privateRooms) {
      for (const user of users) await this.attempt({ command: 'room.invite', room, user }, { room, user });
    }
  }

  /**
   * Now and then lets a user into a private room or removes them, and pins or unpins a message in a room of its own,
   * until told to stop. `pick` returns a message in one of some rooms.
   */
  async tend(
    users: readonly string[],
    {
      random,
      pick,
      isStopped,
    }: { random: Random; pick: (rooms: ReadonlySet<string>) => Place | undefined; isStopped: () => boolean },
  ): Promise<void> {
    const others = users.filter((user) => user !== this.#user);
    while (!isStopped() && others.length > 0) {
      await pause(random.between(100, 500));
      const place = pick(this.#rooms);
      if (place) {
        const command = random.chance(0.6) ? 'message.pin' : 'message.unpin';
        const { room, message } = place;
        await this.attempt({ command, room, message }, { message });
      }
      const room = random.pick(this.#privateRooms);
      const user = random.pick(others);
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

  /**
   * A room's whole log and its epoch, read page by page by a user who sees it for the first time; from another server
   * that has the keeper's session, if one is given. In the
   * log only its author sees a `clientId`, so others' come from `message.list`.
   */
  async readLog(room: string, url?: string): Promise<Seen[]> {
    if (url === undefined) return this.#readWithIds(room, this.#nodes);
    const other = new Rest(url, this.#nodes[0]?.token);
    try {
      return await this.#readWithIds(room, [other]);
    } finally {
      other.close();
    }
  }

  /** The ids of the messages that are pinned in a room, the last pinned first. */
  async readPins(room: string): Promise<string[]> {
    const { messages } = await this.#sure('pin.list', { room });
    return (messages as { id: string }[]).map(({ id }) => id);
  }

  async #readWithIds(room: string, nodes: readonly Rest[]): Promise<Seen[]> {
    const events = await this.#readLog(room, nodes);
    const ids = await this.#readClientIds(room, nodes);
    return events.map((event) => {
      const cid = event.cid ?? (event.name === 'message.created' ? ids.get(event.message ?? '') : undefined);
      return cid === undefined ? event : { ...event, cid };
    });
  }

  /** By message, as far as there are any. */
  async #readClientIds(room: string, nodes: readonly Rest[]): Promise<Map<string, string>> {
    const ids = new Map<string, string>();
    for (let after = 0; ;) {
      const page = await this.#sure('message.list', { room, after, limit: 200 }, nodes);
      const messages = page['messages'] as { id: string; seq: number; clientId?: string }[];
      for (const { id, clientId } of messages) if (clientId !== undefined) ids.set(id, clientId);
      const last = messages.at(-1);
      if (page['more'] !== true || !last) return ids;
      after = last.seq;
    }
  }

  async #readLog(room: string, nodes: readonly Rest[]): Promise<Seen[]> {
    const events: Seen[] = [];
    for (;;) {
      const after = events.at(-1)?.seq ?? 0;
      const page = await this.#sure('log.read', { room, after, limit: 200 }, nodes);
      if (after === 0) this.#history.add({ type: 'epoch', client: 'keeper', epoch: String(page['epoch']) });
      for (const { type, ...body } of page['events'] as ({ type: string } & Record<string, unknown>)[]) {
        events.push(seenOf(type, body));
      }
      if (page['more'] !== true) return events;
      if ((events.at(-1)?.seq ?? 0) === after) return events;
    }
  }

  /** At the end of a visit: empties the rooms, and ends the guests' sessions. Failures are ignored. */
  async depart(users: readonly string[]): Promise<void> {
    if (!this.#visit) return;
    for (const room of this.#privateRooms) {
      for (const user of users) {
        const removed = user === this.#user ? undefined : await this.#next().call('room.remove', { room, user });
        if (removed && 'lost' in removed) return;
      }
      await this.#next().call('room.leave', { room });
    }
    for (const { token } of this.#guests) {
      const rest = new Rest(this.#urls[0] as string, token);
      await rest.call('session.end', {});
      rest.close();
    }
  }

  close(): void {
    for (const node of this.#nodes) node.close();
  }

  /** The user of the next token: the first is the keeper's, the others are used in turn. */
  async #known(tokens: readonly string[], rests: readonly Rest[]): Promise<Identity> {
    const [first = '', ...others] = tokens;
    const token = this.#comings === 0 ? first : (others[this.#comings % Math.max(1, others.length)] ?? first);
    this.#comings += 1;
    for (const rest of rests) rest.token = token;
    const { user } = await this.#sure('session.get', {}, rests);
    return { user: (user as { id: string }).id, token };
  }

  #named(name: string): string {
    return this.#visit ? `${this.#visit.name} ${name}` : name;
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
      const { code, retryAfter = 0.1 } = 'error' in last ? last.error : { code: 'lost' };
      if ('error' in last && final.has(code)) throw new RefusedError(name, last.error);
      await pause(retryAfter * 1000);
    }
    throw new Error(`${name} does not work: ${JSON.stringify(last)}`);
  }
}
