import type { Pace } from './actor.js';
import { ANSWER_MS } from './transports/transport.js';
import { type LineTransport, openLine } from './transports/line.js';
import type { HistoryWriter, Intent } from './history.js';
import { pause, type Random } from './random.js';

/** How long a visitor stays away after a failed connection, in ms: doubles, up to the second number. */
const AWAY_MS = [200, 10_000] as const;

/** A message as a line: its room, its author, its text. Other events begin with a star. */
const MESSAGE = /^\[([^\]]+)\] ([^:*][^:]*): ([^]*)$/;

/** A visitor's identity and target, at the line transport. */
export interface LineVisitorOptions {
  id: string;
  url: string;
  /** All rooms of the workload; messages in others are ignored. */
  rooms: readonly string[];
  history: HistoryWriter;
  random: Random;
  pace: Pace;
  silenceMs: number;
  /** The shortest time between two connections, in ms. */
  restMs: number;
  /** Lets a guest into the rooms that they can't join on their own. */
  admit(user: string): Promise<void>;
}

/**
 * A visitor at the line transport, which has no ids: connects as a new guest each time, sends messages, and records
 * every line that is a message. A send is acknowledged by its own line, and never repeated, since a repeat would be
 * another message.
 */
export class LineVisitor {
  /** All guests that this visitor has been. */
  readonly users: string[] = [];
  readonly #options: LineVisitorOptions;
  #user = '';
  #name = '';
  #transport: LineTransport | undefined;
  #connection = 0;
  #settle: ((line: string | undefined) => void) | undefined;
  /** Messages that arrived before the guest's identity was known. */
  #early: { room: string; text: string }[] = [];
  #number = 0;
  #isClosed = false;
  #running: Promise<void> | undefined;

  constructor(options: LineVisitorOptions) {
    this.#options = options;
  }

  start(): void {
    this.#running ??= this.#run();
  }

  /** Ends the guest's session, as far as possible. May be called twice. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#running;
  }

  async #run(): Promise<void> {
    let away = AWAY_MS[0] as number;
    while (!this.#isClosed) {
      const visited = await this.#visit();
      away = visited ? AWAY_MS[0] : Math.min(away * 2, AWAY_MS[1]);
      const until = performance.now() + (visited ? this.#options.restMs : away);
      while (!this.#isClosed && performance.now() < until) await pause(50);
    }
  }

  /** One connection, from beginning to end. Resolves to whether it was let in. */
  async #visit(): Promise<boolean> {
    const { url, silenceMs, history, id: client, rooms } = this.#options;
    this.#user = '';
    // Messages in the room may arrive before the greeting.
    const greeting = this.#await((line) => !line.startsWith('['));
    this.#connection = history.newConnection();
    const hooks = { line: (line: string) => this.#hear(line), closed: () => this.#lost() };
    try {
      this.#transport = await openLine({ url, silenceMs }, hooks);
    } catch {
      this.#settle?.(undefined);
      return false;
    }
    const [, name, home] = /came in as (\S+) and are in \[([^\]]*)\]/.exec((await greeting) ?? '') ?? [];
    this.#name = name ?? '';
    const me = name === undefined ? undefined : await this.#ask('/me', (line) => line.startsWith(`${name}  `));
    const user = me?.split('  ')[1];
    if (user === undefined) {
      this.#transport?.close();
      this.#early.length = 0;
      return false;
    }
    this.#user = user;
    this.users.push(user);
    const op = history.newOp();
    history.add({ type: 'connected', client, user, connection: this.#connection });
    history.add({ type: 'invoked', op, client, user, intent: { command: 'session.start', room: home ?? '', user } });
    history.add({ type: 'acked', op });
    for (const line of this.#early.splice(0)) this.#shown(line);
    if (home !== undefined && !rooms.includes(home)) await this.#leave(home);
    await this.#options.admit(user);
    await this.#talk();
    this.#transport?.say('/quit');
    await this.#ended();
    return true;
  }

  async #talk(): Promise<void> {
    const { random, rooms, pace } = this.#options;
    let room: string | undefined;
    while (this.#transport && !this.#isClosed) {
      await pause(random.next() * 2 * pace.meanMs);
      const choice = random.next();
      if (room === undefined || choice < 0.15) room = (await this.#join(random.pick(rooms))) ?? room;
      else if (choice < 0.2) {
        await this.#leave(room);
        room = undefined;
      } else if (choice < 0.7 && !(await this.#say(room))) room = undefined;
    }
  }

  async #join(room: string): Promise<string | undefined> {
    const answer = await this.#attempt({ command: 'room.join', room, user: this.#user }, `/join ${room}`, (line) =>
      line.startsWith(`${room}  `),
    );
    return answer ? room : undefined;
  }

  async #leave(room: string): Promise<void> {
    const gone = `[${room}] * ${this.#name} left`;
    await this.#attempt({ command: 'room.leave', room, user: this.#user }, `/leave ${room}`, (line) => line === gone);
  }

  async #say(room: string): Promise<boolean> {
    this.#number += 1;
    const text = `${this.#options.id}-${this.#number}`;
    const own = `[${room}] ${this.#name}: ${text}`;
    return this.#attempt({ command: 'message.send', room, text }, text, (line) => line === own);
  }

  /** Types something, and records the outcome: what was expected, a refusal, or nothing. */
  async #attempt(intent: Intent, line: string, isDone: (line: string) => boolean): Promise<boolean> {
    const { history, id: client, rooms } = this.#options;
    const isOurs = rooms.includes(intent.room);
    const op = history.newOp();
    if (isOurs) history.add({ type: 'invoked', op, client, user: this.#user, intent });
    const answer = await this.#ask(line, isDone);
    const code = answer === undefined ? undefined : /^! ([a-z_]+): /.exec(answer)?.[1];
    const isUnknown = answer === undefined || code === 'internal' || (code === 'unavailable' && history.isUnsure);
    if (isOurs) {
      if (isUnknown) history.add({ type: 'unknown', op, why: code ?? 'no line said' });
      else history.add(code === undefined ? { type: 'acked', op } : { type: 'refused', op, code });
    }
    const wait = code === 'rate_limited' ? Number(/in (\d+) s/.exec(answer ?? '')?.[1] ?? 1) * 1000 : 0;
    for (const until = performance.now() + wait; performance.now() < until && !this.#isClosed;) await pause(50);
    return answer !== undefined && code === undefined;
  }

  /** Types a line, and waits for its answer; undefined if none comes. */
  #ask(line: string, isDone: (line: string) => boolean): Promise<string | undefined> {
    const answer = this.#await((each) => isDone(each) || each.startsWith('! '));
    if (this.#transport) this.#transport.say(line);
    else this.#settle?.(undefined);
    return answer;
  }

  #await(isIt: (line: string) => boolean): Promise<string | undefined> {
    return new Promise((resolve) => {
      const settle = (line: string | undefined) => {
        if (line !== undefined && !isIt(line)) return;
        clearTimeout(timer);
        resolve(line);
      };
      const timer = setTimeout(() => settle(undefined), ANSWER_MS);
      this.#settle = settle;
    });
  }

  #hear(line: string): void {
    const { rooms } = this.#options;
    const [, room, , text] = MESSAGE.exec(line) ?? [];
    if (room !== undefined && text !== undefined && rooms.includes(room)) {
      const shown = { room, text: text.slice(0, 40) };
      if (this.#user) this.#shown(shown);
      else this.#early.push(shown);
    }
    this.#settle?.(line);
  }

  #shown(line: { room: string; text: string }): void {
    const { history, id: client } = this.#options;
    history.add({ type: 'line', client, user: this.#user, connection: this.#connection, ...line });
  }

  #lost(): void {
    this.#transport = undefined;
    this.#settle?.(undefined);
  }

  async #ended(): Promise<void> {
    const end = performance.now() + 1000;
    while (this.#transport && performance.now() < end) await pause(10);
    this.#transport?.close();
  }
}
