import { randomUUID } from 'node:crypto';
import type { Clock } from '../clock.js';
import { messageOf } from '../errors.js';
import type { Session } from '../identity/actor.js';
import type { SharedCount } from '../identity/rate-limits.js';
import { type CommittedBatch, type CommittedEvent, OutboundEvent } from '../log/committed.js';
import type { RoomLog } from '../log/room-log.js';
import { atMostEvery, type Logger } from '../logger.js';
import { roomPlacesOf } from '../store/queries/members.js';
import { membershipsOf } from '../store/queries/reconciliation.js';
import type { Store } from '../store/store.js';
import type { Bus, BusListener, BusState, Topic } from './bus.js';
import type { Place } from '../fanout/connection.js';
import { byRoom, memberOf } from '../fanout/deliver.js';
import type { Question } from '../fanout/delivery-records.js';
import type { RecordsElsewhere } from '../fanout/other-nodes.js';
import type { ToldPresence } from '../presence/presence.js';
import type { Cluster, ThisNode } from './cluster.js';
import { localBus } from './local-bus.js';
import { Reconciliation } from './reconciliation.js';
import { eventsMessage, eventsOf, type NodeMessage, readNodeMessage } from './node-message.js';
import { RemotePresence } from './remote-presence.js';
import { Peers } from './peers.js';
import { PresenceExchange } from './presence-exchange.js';
import { behindEvent } from '../fanout/send-buffer.js';
import { Sequence } from './sequence.js';
import { RecordExchange } from './record-exchange.js';

/** How long a room without connections here is still followed, in ms: a page that reloads is back at once. */
const LINGER_MS = 5000;

/** Delay before reading a user's rooms again after a failure, in ms. */
const ADD_AGAIN_MS = 1000;

/** The same problem is logged at most once in this time, in ms. */
const LOG_EVERY_MS = 10_000;

/** What the nodes share, and what this one uses to read it. */
export interface NodesParts {
  store: Store;
  clock: Clock;
  log: RoomLog;
  logger: Logger;
  /** The address of Redis; without it nodes find each other's events only in the log. */
  bus: string | undefined;
}

/**
 * This node among the others of its workspace. Publishes local commits, receives those of other nodes, and delivers
 * both in `seq` order ({@link Sequence}). A room is followed from the place in its log at which a local connection
 * begins to receive it. The bus only makes that fast: {@link Reconciliation} finds what it did not bring.
 */
export class Nodes implements Cluster, BusListener {
  readonly #node = randomUUID().slice(0, 13);
  readonly #parts: NodesParts;
  readonly #sequence: Sequence;
  readonly #peers: Peers;
  readonly #elsewhere: RemotePresence;
  /** Rooms that may have no local connection any more, and since when. */
  readonly #maybeUnheard = new Map<string, number>();
  /** This node and its watchers; set by {@link Nodes.join}. */
  #here!: ThisNode;
  #reconciliation!: Reconciliation;
  #people!: PresenceExchange;
  #records!: RecordExchange;
  #sweeping: NodeJS.Timeout | undefined;

  readonly count: SharedCount = async (key, points, windowMs) =>
    this.#peers.isUp ? this.#bus.count(key, points, windowMs) : undefined;
  /** The beginning of our own messages, which the bus returns to us. */
  readonly #ownEvents = `{"kind":"events","node":"${this.#node}"`;
  #bus: Bus = localBus;
  readonly #mayLog = atMostEvery(LOG_EVERY_MS);

  constructor(parts: NodesParts) {
    this.#parts = parts;
    this.#sequence = new Sequence({
      read: (room, after, limit) => parts.log.readCommitted(room, after, limit),
      logStart: (room) => parts.log.logStartOf(room),
      deliver: (batch) => this.#deliver(batch),
      onBroken: (room, head) => this.#broken(room, head),
      onError: (error) => this.#logProblem(error),
    });
    this.#peers = new Peers(this.#node, () => this.#bus, {
      changed: () => this.#peersChanged(),
      missed: () => this.#reconciliation.lately(),
      gone: (node) => this.#elsewhere.forgetNode(node),
    });
    this.#elsewhere = new RemotePresence(({ user, rooms, lastSeen }) =>
      this.#here.presence.changedElsewhere(user, rooms, lastSeen),
    );
  }

  async join(here: ThisNode): Promise<void> {
    this.#here = here;
    const { bus, clock, store } = this.#parts;
    const ways = { node: this.#node, bus: () => this.#bus, peers: this.#peers };
    this.#reconciliation = new Reconciliation({
      store,
      clock,
      sequence: this.#sequence,
      connections: here.connections,
      isWhole: () => this.#peers.isWhole,
      onMissedRoom: (room, seq, head) => {
        this.#hear(room, seq);
        this.#sequence.reaches(room, head, 'now');
      },
      onMissedJoining: (user) => void this.#addMissedRooms(user),
      onUntold: () => this.#peers.dropped(),
      onMissedBlock: (room, isBlocked) => {
        here.connections.setQuiet(room, isBlocked);
        here.delivery.signalRoom(room, new OutboundEvent('access.changed', { room }));
      },
      onSessionOver: (session) => here.lifecycle.sessionEnded(session, 'revoked'),
      onError: (error) => this.#logProblem(error),
    });
    this.#people = new PresenceExchange({
      ...ways,
      presence: here.presence,
      elsewhere: this.#elsewhere,
      isHeard: (room) => this.#sequence.deliveredIn(room) !== undefined,
    });
    this.#records = new RecordExchange({ ...ways, records: here.records });
    this.#sweeping = setInterval(() => this.#sweep(), LINGER_MS / 2).unref();
    if (bus !== undefined) await this.#openBus(bus);
  }

  get state(): BusState {
    if (this.#parts.bus === undefined) return 'none';
    return this.#peers.isUp ? 'up' : 'down';
  }

  committed(batch: CommittedBatch): void {
    for (const events of byRoom(batch)) this.#committedIn(events[0]?.room ?? '', events);
  }

  unanswered(): void {
    this.#reconciliation.doubt();
    this.#peers.dropped();
  }

  newEpoch(): void {
    // The places up to which rooms were delivered are of the other history. Connections follow their rooms again as they return.
    this.#sequence.clear();
    this.#bus.moveTo(meetingName(this.#parts.store));
    this.#reconciliation.all();
  }

  signalRoom(room: string, signal: OutboundEvent, exceptUser: string): void {
    const { name, body } = signal;
    this.#publish(`room:${room}`, { kind: 'signal', node: this.#node, name, body, exceptUser });
  }

  setQuiet(room: string, quiet: boolean): void {
    this.#hand(`room:${room}`, { kind: 'quiet', node: this.#node, room, quiet });
  }

  signalUser(user: string, signal: OutboundEvent): void {
    this.#hand(`user:${user}`, { kind: 'signal', node: this.#node, name: signal.name, body: signal.body });
  }

  sessionEnded(session: Session, reason: 'signed_out' | 'revoked'): void {
    this.#hand(`user:${session.user.id}`, { kind: 'sessionEnded', node: this.#node, session: session.id, reason });
  }

  async roomsToHear(user: string): Promise<string[]> {
    await this.#bus.subscribe(`user:${user}`);
    const places = await this.#placesOf(user);
    // A member at that time may have left before the place from which one of the rooms is followed.
    const isSure = this.#entered(places);
    const sure = isSure ? places : await this.#placesOf(user);
    if (!isSure) this.#entered(sure);
    return sure.map(({ room }) => room);
  }

  userWent(user: string): void {
    this.#bus.unsubscribe(`user:${user}`);
  }

  stateOf(user: string): 'online' | 'away' | undefined {
    return this.#elsewhere.stateOf(user);
  }

  roomsOf(user: string): ReadonlySet<string> {
    return this.#elsewhere.roomsOf(user);
  }

  inRoom(room: string): ReadonlySet<string> {
    return this.#elsewhere.inRoom(room);
  }

  know(room: string): Promise<void> {
    return this.#people.know(room);
  }

  tell(people: readonly { told: ToldPresence; rooms: Iterable<string> }[]): void {
    this.#people.tell(people);
  }

  recordsOf(question: Question): Promise<RecordsElsewhere> {
    return this.#records.ask(question);
  }

  joined(user: string, room: string): void {
    this.#here.presence.entered(user, room);
  }

  roomLeft(room: string): void {
    this.#maybeUnheard.set(room, performance.now());
  }

  connected(isConnected: boolean): void {
    this.#peers.connected(isConnected);
  }

  message(topic: Topic, text: string): void {
    if (text.startsWith(this.#ownEvents)) return;
    const message = readNodeMessage(text);
    if (message?.kind === 'beat' || message?.kind === 'farewell') this.#peers.hear(message);
    else if (message && message.node !== this.#node) this.#take(topic, message);
  }

  /** Says farewell to the other nodes. Safe to call twice. */
  async close(): Promise<void> {
    this.#sequence.clear();
    this.#peers.close();
    if (this.#sweeping !== undefined) {
      clearInterval(this.#sweeping);
      this.#reconciliation.close();
      this.#people.close();
    }
    await this.#bus.close();
  }

  async #placesOf(user: string): Promise<Place[]> {
    const places = await roomPlacesOf(this.#parts.store.read, user);
    return places.map(({ room, head }) => ({ room, seq: head }));
  }

  /**
   * Follows a user's rooms from these places on. Returns false if one of them is already followed from a later place.
   */
  #entered(places: readonly Place[]): boolean {
    for (const { room, seq } of places) this.#hear(room, seq);
    return places.every(({ room, seq }) => seq >= (this.#sequence.startOf(room) ?? 0));
  }

  async #openBus(url: string): Promise<void> {
    const { logger, store } = this.#parts;
    const { RedisBus } = await import('./redis-bus.js');
    this.#bus = await RedisBus.open({ url, name: meetingName(store), listener: this, logger });
    await Promise.all([this.#bus.subscribe('nodes'), this.#bus.subscribe(`node:${this.#node}`)]);
    this.#peers.connected(this.#bus.isConnected);
  }

  #committedIn(room: string, events: CommittedEvent[]): void {
    if (this.#parts.bus !== undefined) this.#handText(`room:${room}`, eventsMessage(this.#node, room, events));
    for (const [index, event] of events.entries()) {
      if (event.name !== 'member.joined') continue;
      const user = memberOf(event);
      // The nodes where this user is connected may not follow the room yet.
      if (this.#parts.bus !== undefined) {
        this.#handText(`user:${user}`, eventsMessage(this.#node, room, events.slice(index)));
      }
      if (this.#here.connections.ofUser(user).length > 0) this.#hear(room, event.seq - 1);
    }
    this.#offer(room, events);
  }

  #offer(room: string, events: readonly CommittedEvent[]): void {
    this.#sequence.offer(room, events);
    for (const event of events) {
      if (event.name === 'member.joined' && this.#hasMissed(memberOf(event), room, event.seq)) {
        void this.#addMissedRooms(memberOf(event));
      }
    }
  }

  /**
   * True if this node began to follow the room, for another user, after this user joined, so it never saw that join.
   */
  #hasMissed(user: string, room: string, joinedSeq: number): boolean {
    const { connections } = this.#here;
    const delivered = this.#sequence.deliveredIn(room) ?? 0;
    return delivered >= joinedSeq && connections.ofUser(user).length > 0 && !connections.roomsOf(user).includes(room);
  }

  /** Lets a local user into rooms whose joins this node missed. Retries until it succeeds. */
  async #addMissedRooms(user: string): Promise<void> {
    const { log, store } = this.#parts;
    const { connections, delivery } = this.#here;
    try {
      while (connections.ofUser(user).length > 0) {
        const rooms = connections.roomsOf(user);
        const memberships = await membershipsOf(store.read, [user]);
        const missed = memberships.filter(({ room, joinedSeq }) => this.#hasMissed(user, room, joinedSeq));
        const read = missed.map(({ room, joinedSeq }) => log.readCommitted(room, joinedSeq - 1, 1));
        const joinings = (await Promise.all(read)).flat();
        // Connections or rooms that changed meanwhile make the result outdated.
        if (!connections.hasRooms(user) || connections.roomsOf(user) !== rooms) continue;
        for (const { room, joinedSeq } of missed) {
          const head = this.#sequence.deliveredIn(room);
          const joining = joinings.find((event) => event.room === room && event.seq === joinedSeq);
          if (head !== undefined) delivery.startDelivery(user, { room, seq: head }, joining);
        }
        return;
      }
    } catch (error) {
      this.#logProblem(error);
      setTimeout(() => void this.#addMissedRooms(user), ADD_AGAIN_MS).unref();
    }
  }

  #take(topic: Topic, message: NodeMessage): void {
    const { lifecycle, connections, delivery } = this.#here;
    const name = topic.slice(topic.indexOf(':') + 1);
    const isForUser = topic.startsWith('user:');
    if (message.kind === 'events') {
      const events = eventsOf(message);
      const [first] = events;
      if (isForUser && first && connections.ofUser(name).length > 0) this.#hear(message.room, first.seq - 1);
      this.#offer(message.room, events);
    } else if (message.kind === 'quiet') {
      connections.setQuiet(message.room, message.quiet);
    } else if (message.kind === 'signal') {
      const signal = new OutboundEvent(message.name, message.body);
      if (isForUser) delivery.signalUser(name, signal);
      else delivery.signalRoom(name, signal, message.exceptUser);
    } else if (message.kind === 'sessionEnded') lifecycle.sessionEnded(message.session, message.reason);
    else if (message.kind === 'who') this.#people.answer(message);
    else if (message.kind === 'presence') this.#people.take(message);
    else if (message.kind === 'recordWanted') this.#records.answer(message);
    else if (message.kind === 'record') this.#records.take(message);
  }

  /** Follows a room from a place on, unless it is already followed. */
  #hear(room: string, seq: number): void {
    if (this.#sequence.deliveredIn(room) !== undefined) return;
    this.#sequence.start(room, seq);
    this.#maybeUnheard.set(room, performance.now());
    void this.#subscribe(room);
  }

  async #subscribe(room: string): Promise<void> {
    await this.#bus.subscribe(`room:${room}`);
    // Commits from before the subscription was active did not arrive over the bus.
    this.#reconciliation.room(room);
    await this.#people.ask(room);
  }

  #sweep(): void {
    const now = performance.now();
    for (const [room, since] of this.#maybeUnheard) {
      if (now - since < LINGER_MS) continue;
      this.#maybeUnheard.delete(room);
      if (this.#here.connections.inRoom(room).size > 0) continue;
      this.#sequence.stop(room);
      this.#people.forget(room);
      this.#bus.unsubscribe(`room:${room}`);
    }
  }

  #deliver(batch: CommittedBatch): void {
    this.#here.delivery.committed(batch);
    const last = batch.at(-1);
    if (last) this.#parts.store.saw(placeOfEvent(last));
    for (const event of batch) {
      if (event.name === 'member.left') this.#elsewhere.left(memberOf(event), event.room);
    }
  }

  #broken(room: string, head: number): void {
    this.#parts.logger.warn({ room, head }, 'a log does not continue where it was; clients are told to read it again');
    this.#here.delivery.signalRoom(room, behindEvent(room, head));
  }

  #peersChanged(): void {
    this.#reconciliation.all();
    if (this.#peers.isWhole) this.#people.askAgain(this.#sequence.rooms);
  }

  #publish(topic: Topic, message: NodeMessage): void {
    if (this.#parts.bus !== undefined) this.#bus.publish(topic, JSON.stringify(message));
  }

  /** Publishes what must not be lost. If that fails, tells the other nodes to compare with the store. */
  #hand(topic: Topic, message: NodeMessage): void {
    if (this.#parts.bus !== undefined) this.#handText(topic, JSON.stringify(message));
  }

  #handText(topic: Topic, message: string): void {
    if (!this.#bus.publish(topic, message)) this.#peers.dropped();
  }

  #logProblem(error: unknown): void {
    if (!this.#mayLog()) return;
    this.#parts.logger.warn({ reason: messageOf(error) }, 'the log could not be read for delivery; trying again');
  }
}

/**
 * The name under which nodes meet on the bus. Those that still serve the history before a restore hear nothing of the new
 * one, whose seqs mean other events.
 */
function meetingName({ databaseId, epoch }: Store): string {
  return `${databaseId}:${epoch}`;
}

/** Distinguishes an event from another one in its place. */
function placeOfEvent({ body }: CommittedEvent): Parameters<Store['saw']>[0] {
  const { room, seq, at, actor } = body;
  return { room, seq, at, actor: actor.id };
}
