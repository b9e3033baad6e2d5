import { type Answer, type Transport } from './transports/transport.js';
import { type TransportKind, openTransport } from './transports/open.js';
import { type HistoryWriter, type How, type Intent, type Seen, seenOf } from './history.js';
import { pause, type Random } from './random.js';
import { recordAnswer } from './record-answer.js';

/** Events to read at a time. */
const PAGE = 200;

/** The most events that wait for earlier ones. */
const MAX_HELD = 256;

/** A client's identity and target. */
export interface ClientOptions {
  id: string;
  kind: TransportKind;
  /** The addresses of the server, through the proxy or not; each attempt to connect uses one of them. */
  urls: readonly string[];
  user: string;
  token: string;
  /** All rooms of the workload: the client asks for them after reconnecting, member or not. */
  rooms: readonly string[];
  history: HistoryWriter;
  random: Random;
  silenceMs: number;
  /** Awaited before each attempt to connect, instead of a short random time. */
  gate?: () => Promise<void>;
  /** Its views begin after this seq; 0, the whole room, if absent. */
  after?: number;
}

/** A client's view of one room. */
interface View {
  applied: number;
  held: Map<number, { seq: number; mine: 'joined' | 'left' | undefined }>;
  isMember: boolean;
  reading: boolean;
  /** Read at least up to here. */
  wanted: number;
}

/** What the workload needs from a client of any kind. */
export interface ContractClient {
  readonly id: string;
  readonly user: string;
  /** Connects, and reconnects after every loss, until it is closed. */
  start(): void;
  isConnected(): boolean;
  isMemberOf(room: string): boolean;
  /** The seq up to which it shows a room. */
  appliedOf(room: string): number;
  /** What it is doing to show the rest of a room, in words for the report of a client that never did. */
  describe(room: string): string;
  /** Calls once, and records the attempt. Undefined if it isn't connected. */
  attempt(intent: Intent, input: Record<string, unknown>): Promise<Answer | undefined>;
  close(): Promise<void>;
}

/**
 * A client over a raw transport that implements the receiving side of the contract itself: it drops repeats by seq,
 * holds early events, reads the log if it sees or is told of a gap, and syncs after reconnecting.
 */
export class RawClient implements ContractClient {
  readonly id: string;
  readonly user: string;
  /** Called when the server has skipped it in a room. */
  onBehind: (() => void) | undefined;
  readonly #options: ClientOptions;
  readonly #views = new Map<string, View>();
  #transport: Transport | undefined;
  #connection = 0;
  #lastEventId: string | undefined;
  #epoch: string | undefined;
  /** The epoch in which a sync has returned all rooms, after which a stream's id is enough. */
  #syncedEpoch: string | undefined;
  /** What a new connection brings before its epoch is known. */
  #early: { name: string; event: Seen }[] | undefined;
  #isClosed = false;
  #running: Promise<void> | undefined;
  #wake: (() => void) | undefined;
  /** Since when it is connected, or not, and when it last heard an event, by `performance.now()`. */
  #changedAt = performance.now();
  #heardAt: number | undefined;
  /** Why its last attempt to connect failed. */
  #openTrouble = 'connecting';
  /** Calls of `sync` that wait for an answer, and the last one that got none. */
  #syncs = 0;
  #syncTrouble: string | undefined;

  constructor(options: ClientOptions) {
    this.#options = options;
    this.id = options.id;
    this.user = options.user;
    const { after = 0 } = options;
    for (const room of options.rooms) {
      const view = { applied: after, held: new Map(), isMember: false, reading: false, wanted: 0 };
      this.#views.set(room, view);
      this.#begin(room, view, after);
    }
  }

  /** Its session's token, for a second client of the same user. */
  get token(): string {
    return this.#options.token;
  }

  start(): void {
    this.#running ??= this.#run();
  }

  isConnected(): boolean {
    return this.#transport !== undefined;
  }

  isMemberOf(room: string): boolean {
    return this.#views.get(room)?.isMember === true;
  }

  appliedOf(room: string): number {
    return this.#views.get(room)?.applied ?? 0;
  }

  describe(room: string): string {
    const ago = (since: number) => `${((performance.now() - since) / 1000).toFixed(1)} s`;
    const status = this.#transport ? 'connected' : `not connected (${this.#openTrouble})`;
    const words = [
      `connection ${this.#connection}, ${status} for ${ago(this.#changedAt)}`,
      this.#heardAt === undefined ? 'heard nothing' : `heard an event ${ago(this.#heardAt)} ago`,
    ];
    if (this.#syncs > 0) words.push(`waits for ${this.#syncs} syncs`);
    if (this.#syncTrouble !== undefined) words.push(`its last sync failed (${this.#syncTrouble})`);
    if (this.#early) words.push(`holds ${this.#early.length} events until it has synced`);
    const view = this.#views.get(room);
    if (view) {
      const { applied, held, isMember, reading, wanted } = view;
      words.push(`shows up to ${applied}, wants up to ${wanted}, ${reading ? 'is' : 'is not'} reading`);
      if (held.size > 0) words.push(`holds ${held.size} events from ${Math.min(...held.keys())} on`);
      if (!isMember) words.push('takes itself for no member');
    }
    return words.join(', ');
  }

  /** The connection itself, for features of a single transport. */
  get transport(): Transport | undefined {
    return this.#transport;
  }

  /** Ends the connection as a broken network does; the client reconnects. */
  drop(): void {
    this.#transport?.close();
  }

  async attempt(intent: Intent, input: Record<string, unknown>): Promise<Answer | undefined> {
    const { history } = this.#options;
    const transport = this.#transport;
    if (!transport) return undefined;
    const op = history.newOp();
    history.add({ type: 'invoked', op, client: this.id, user: this.user, intent });
    const answer = await transport.call(intent.command, input);
    recordAnswer(history, op, answer);
    this.#heed(intent, answer);
    return answer;
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#transport?.close();
    this.#wake?.();
    await this.#running;
  }

  async #run(): Promise<void> {
    const { random, gate } = this.#options;
    let failures = 0;
    while (!this.#isClosed) {
      await gate?.();
      let closed: () => void = () => undefined;
      const untilClosed = new Promise<void>((resolve) => (closed = resolve));
      try {
        await this.#connect(closed);
        failures = 0;
        await untilClosed;
      } catch (error) {
        failures = Math.min(failures + 1, 4);
        this.#openTrouble = String(error);
      }
      if (this.#transport) this.#changedAt = performance.now();
      this.#transport = undefined;
      if (!this.#isClosed && !gate) await this.#wait(random.between(10, 60 * 2 ** failures));
    }
  }

  async #connect(closed: () => void): Promise<void> {
    const { history, kind, urls, token, silenceMs, random } = this.#options;
    const connection = history.newConnection();
    // Resuming by the stream's id must be enough; only the first connection of an epoch syncs.
    const resumed = kind === 'event-stream' && this.#syncedEpoch === this.#epoch ? this.#epoch : undefined;
    this.#early = resumed === undefined ? [] : undefined;
    const transport = await openTransport(
      kind,
      {
        url: random.pick(urls),
        token,
        silenceMs,
        ...(this.#lastEventId !== undefined && { lastEventId: this.#lastEventId }),
      },
      {
        heard: (name, body) => this.#hear(name, body, connection),
        closed,
      },
      (id) => this.#hearId(id),
    );
    if (this.#isClosed) {
      transport.close();
      return;
    }
    this.#connection = connection;
    this.#transport = transport;
    this.#changedAt = performance.now();
    this.#openTrouble = 'connecting';
    history.add({ type: 'connected', client: this.id, user: this.user, connection });
    if (resumed === undefined || resumed !== this.#epoch) void this.#sync(transport);
    else for (const [room, view] of this.#views) this.#read(room, view, 0);
  }

  async #sync(transport: Transport): Promise<void> {
    while (this.#transport === transport) {
      const cursors = Object.fromEntries([...this.#views].map(([room, view]) => [room, view.applied]));
      const epoch = this.#epoch;
      this.#syncs += 1;
      const answer = await transport.call('sync', { cursors, ...(epoch !== undefined && { epoch }) });
      this.#syncs -= 1;
      this.#syncTrouble = 'result' in answer ? undefined : 'error' in answer ? answer.error.code : answer.lost;
      if ('result' in answer) {
        // A read may have heard of the new epoch first; this answer is still about cursors of the old one.
        const isOutdated = epoch !== undefined && epoch !== this.#epoch;
        if (this.#hearEpoch(answer.result['epoch']) || isOutdated) continue;
        const rooms = answer.result['rooms'] as Record<string, Page & { error?: unknown }>;
        for (const [room, page] of Object.entries(rooms)) {
          const view = this.#views.get(room);
          if (!view) continue;
          view.isMember = page.error === undefined;
          if (page.error === undefined) this.#takePage(room, view, page);
        }
        this.#syncedEpoch = this.#epoch;
        const early = this.#early ?? [];
        this.#early = undefined;
        for (const { name, event } of early) this.#offer(name, event, 'live');
        return;
      }
      await this.#wait(restOf(answer));
    }
  }

  #hear(name: string, body: Record<string, unknown>, connection: number): void {
    const { history } = this.#options;
    this.#heardAt = performance.now();
    if (name === 'room.behind') {
      const { room, head } = body as { room: string; head: number };
      const view = this.#views.get(room);
      if (!view) return;
      history.add({ type: 'behind', client: this.id, user: this.user, connection, room, head });
      this.onBehind?.();
      this.#read(room, view, head);
      return;
    }
    if (typeof body['seq'] !== 'number') return;
    this.#take(name, body, 'live', connection);
  }

  #take(name: string, body: Record<string, unknown>, how: How, connection: number): void {
    const event = seenOf(name, body);
    // Events in rooms outside the workload are ignored.
    if (!this.#views.has(event.room)) return;
    this.#options.history.add({ type: 'received', client: this.id, user: this.user, connection, how, event });
    if (how === 'live' && this.#early) this.#early.push({ name, event });
    else this.#offer(name, event, how);
  }

  #offer(name: string, event: Seen, how: How): void {
    const view = this.#views.get(event.room);
    if (!view || event.seq <= view.applied) return;
    const isMine = event.user === this.user && (name === 'member.joined' || name === 'member.left');
    view.held.set(event.seq, {
      seq: event.seq,
      mine: isMine ? (name === 'member.joined' ? 'joined' : 'left') : undefined,
    });
    if (isMine && how === 'live') view.isMember = name === 'member.joined';
    this.#apply(event.room, view);
    if (view.held.size === 0) return;
    if (view.held.size > MAX_HELD) view.held.delete(Math.max(...view.held.keys()));
    if (how === 'live') this.#read(event.room, view, event.seq);
  }

  #apply(room: string, view: View): void {
    for (;;) {
      const next = view.held.get(view.applied + 1);
      if (!next) return;
      view.held.delete(next.seq);
      view.applied = next.seq;
      this.#options.history.add({ type: 'applied', client: this.id, user: this.user, room, seq: next.seq });
      for (const seq of view.held.keys()) if (seq <= view.applied) view.held.delete(seq);
    }
  }

  /** Reads a room's log from the end of the view up to `wanted`. */
  #read(room: string, view: View, wanted: number): void {
    view.wanted = Math.max(view.wanted, wanted);
    const transport = this.#transport;
    if (view.reading || !transport || view.applied >= view.wanted) return;
    view.reading = true;
    void this.#readPages(room, view, transport).finally(() => {
      view.reading = false;
      // More may be wanted by now: over a new connection, in a new epoch, or since the last page.
      if (view.isMember) this.#read(room, view, 0);
    });
  }

  async #readPages(room: string, view: View, transport: Transport): Promise<void> {
    while (this.#transport === transport && view.applied < view.wanted) {
      const { wanted } = view;
      const answer = await transport.call('log.read', {
        room,
        after: view.applied,
        limit: PAGE,
        ...(this.#epoch !== undefined && { epoch: this.#epoch }),
      });
      if ('result' in answer) {
        if (this.#hearEpoch(answer.result['epoch'])) {
          void this.#sync(transport);
          return;
        }
        const before = view.applied;
        this.#takePage(room, view, answer.result as unknown as Page);
        // A server that does not return what it says it has is asked again, but not in a hurry.
        if (view.applied === before) await this.#wait(200);
      } else if ('error' in answer && (answer.error.code === 'forbidden' || answer.error.code === 'not_found')) {
        // The event of being let in again may overtake the refusal.
        if (view.wanted > wanted) continue;
        view.isMember = false;
        view.held.clear();
        view.wanted = 0;
        return;
      } else {
        await this.#wait(restOf(answer));
      }
    }
  }

  #takePage(room: string, view: View, page: Page): void {
    if (page.reset === true) return;
    for (const { type, ...body } of page.events) this.#take(type, body, 'page', this.#connection);
    if (page.more || page.head > view.applied) this.#read(room, view, page.head);
  }

  /** Applies what an answer says about the caller's memberships. */
  #heed(intent: Intent, answer: Answer): void {
    const view = this.#views.get(intent.room);
    if (!view) return;
    if ('error' in answer) {
      if (answer.error.code === 'forbidden' && intent.command === 'message.send') view.isMember = false;
      return;
    }
    if (!('result' in answer)) return;
    if (intent.command === 'room.leave') view.isMember = false;
    if (intent.command !== 'room.join') return;
    view.isMember = true;
    this.#read(intent.room, view, (answer.result['room'] as { head: number }).head);
  }

  /**
   * Takes an epoch, and returns whether it is a new one: then the views start over, since their contents belong to a
   * history that is gone.
   */
  #hearEpoch(epoch: unknown): boolean {
    if (typeof epoch !== 'string' || epoch === this.#epoch) return false;
    const isOther = this.#epoch !== undefined;
    this.#epoch = epoch;
    this.#options.history.add({ type: 'epoch', client: this.id, epoch });
    if (!isOther) return false;
    for (const [room, view] of this.#views) {
      view.held.clear();
      view.wanted = 0;
      this.#begin(room, view, 0);
    }
    return true;
  }

  /** A stream's id begins with its epoch. */
  #hearId(id: string): void {
    this.#lastEventId = id;
    const isOther = this.#epoch !== undefined && this.#hearEpoch(/^[\w-]+/.exec(id)?.[0]);
    if (isOther && this.#transport) void this.#sync(this.#transport);
  }

  #begin(room: string, view: View, after: number): void {
    view.applied = after;
    this.#options.history.add({ type: 'begins', client: this.id, user: this.user, room, after });
  }

  async #wait(ms: number): Promise<void> {
    await Promise.race([pause(ms), new Promise<void>((resolve) => (this.#wake = resolve))]);
  }
}

/** How long to wait after an answer that brought nothing, in ms. */
function restOf(answer: Answer): number {
  return 'error' in answer && answer.error.retryAfter !== undefined ? answer.error.retryAfter * 1000 : 200;
}

interface Page {
  events: ({ type: string } & Record<string, unknown>)[];
  head: number;
  more: boolean;
  reset?: boolean;
}
