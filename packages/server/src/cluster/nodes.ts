import { randomUUID } from 'node:crypto';
import type { Clock } from '../clock.js';
import { messageOf } from '../errors.js';
import type { Session } from '../identity/actor.js';
import { type CommittedBatch, type CommittedEvent, OutboundEvent } from '../log/committed.js';
import type { RoomLog } from '../log/room-log.js';
import type { Logger } from '../logger.js';
import { membershipsOf } from '../store/queries/reconciliation.js';
import type { Store } from '../store/store.js';
import type { ConnectionLifecycle } from '../fanout/connection-lifecycle.js';
import type { Bus, BusListener, BusState, Topic } from './bus.js';
import type { Place } from '../fanout/connection.js';
import type { Connections } from '../fanout/connections.js';
import { byRoom, type Delivery, memberOf } from '../fanout/deliver.js';
import type { Subscriptions } from '../fanout/subscriptions.js';
import { localBus } from './local-bus.js';
import { Reconciliation } from './reconciliation.js';
import { eventsMessage, eventsOf, type NodeMessage, readNodeMessage } from './node-message.js';
import { RemotePresence } from '../presence/remote-presence.js';
import { Peers } from './peers.js';
import type { Presence } from '../presence/presence.js';
import { PresenceExchange } from '../presence/presence-exchange.js';
import { behindEvent } from '../fanout/send-buffer.js';
import { Sequence } from './sequence.js';
import type { Traces } from '../fanout/traces.js';

/** How long a room that nobody hears any more is still followed, in ms: a reload comes back at once. */
const LINGER_MS = 5000;

/** After a failed read of somebody's rooms the next one comes after so many ms. */
const LET_IN_AGAIN_MS = 1000;

/** The same problem is logged once in so many ms. */
const LOG_EVERY_MS = 10_000;

/** What the nodes need of this one. */
export interface NodesParts {
  store: Store;
  clock: Clock;
  log: RoomLog;
  connections: Connections;
  delivery: Delivery;
  presence: Presence;
  lifecycle: ConnectionLifecycle;
  traces: Traces;
  logger: Logger;
  /** Where Redis is; without it nodes find each other's events in the log only. */
  bus: string | undefined;
}

/**
 * This node among the others of its workspace. What is committed here goes to the others, what they committed comes here, and
 * both are delivered in `seq` order ({@link Sequence}). A room is followed from the place of its log at which somebody
 * here began to hear it; the bus only makes that fast, and {@link Reconciliation} finds what it did not bring.
 */
export class Nodes implements Subscriptions, BusListener {
  readonly #node = randomUUID().slice(0, 13);
  readonly #parts: NodesParts;
  readonly #sequence: Sequence;
  readonly #audit: Reconciliation;
  readonly #peers: Peers;
  readonly #people: PresenceExchange;
  readonly #elsewhere: RemotePresence;
  /** Rooms of which it has to be seen whether somebody hears them, and since when. */
  readonly #maybeUnheard = new Map<string, number>();
  readonly #sweeping: NodeJS.Timeout;
  /** How messages of our own begin, which the bus brings back. */
  readonly #ownEvents = `{"kind":"events","node":"${this.#node}"`;
  #bus: Bus = localBus;
  #loggedAt = -Infinity;

  private constructor(parts: NodesParts) {
    this.#parts = parts;
    const { connections, store } = parts;
    const bus = () => this.#bus;
    const onError = (error: unknown) => this.#logProblem(error);
    this.#sequence = new Sequence({
      read: (room, after, limit) => parts.log.readCommitted(room, after, limit),
      logStart: (room) => parts.log.logStartOf(room),
      deliver: (batch) => this.#deliver(batch),
      onBroken: (room, head) => this.#broken(room, head),
      onError,
    });
    this.#peers = new Peers(this.#node, bus, {
      changed: () => this.#peersChanged(),
      missed: () => this.#audit.lately(),
      gone: (node) => this.#elsewhere.forgetNode(node),
    });
    this.#audit = new Reconciliation({
      store,
      clock: parts.clock,
      sequence: this.#sequence,
      connections,
      isWhole: () => this.#peers.isWhole,
      onMissedRoom: (room, seq, head) => {
        this.#hear(room, seq);
        this.#sequence.reaches(room, head, 'now');
      },
      onMissedJoining: (user) => void this.#letIn(user),
      onUntold: () => this.#peers.dropped(),
      onSessionOver: (session) => parts.lifecycle.sessionEnded(session, 'revoked'),
      onError,
    });
    this.#elsewhere = new RemotePresence(({ user, rooms, lastSeen }) =>
      parts.presence.changedElsewhere(user, rooms, lastSeen),
    );
    this.#people = new PresenceExchange({
      node: this.#node,
      bus,
      peers: this.#peers,
      presence: parts.presence,
      elsewhere: this.#elsewhere,
      isHeard: (room) => this.#sequence.deliveredIn(room) !== undefined,
    });
    this.#sweeping = setInterval(() => this.#sweep(), LINGER_MS / 2);
    this.#sweeping.unref();
  }

  /**
   * Joins the other nodes. A bus that can't be reached now is joined when it can.
   * @throws StartError when Redis refuses.
   */
  static async open(parts: NodesParts): Promise<Nodes> {
    const nodes = new Nodes(parts);
    try {
      if (parts.bus !== undefined) await nodes.#openBus(parts.bus);
    } catch (error) {
      await nodes.close();
      throw error;
    }
    parts.connections.tell(nodes);
    parts.presence.join(nodes.#people);
    parts.traces.join({ node: nodes.#node, bus: () => nodes.#bus, peers: nodes.#peers });
    return nodes;
  }

  /** Whether other nodes hear of what happens here at once. */
  get state(): BusState {
    if (this.#parts.bus === undefined) return 'none';
    return this.#peers.isUp ? 'up' : 'down';
  }

  /** Takes what was committed here. */
  committed(batch: CommittedBatch): void {
    for (const events of byRoom(batch)) this.#committedIn(events[0]?.room ?? '', events);
  }

  /** A commit failed, perhaps after it was done: whoever hears its rooms looks into the log. */
  unanswered(): void {
    this.#audit.doubt();
    this.#peers.dropped();
  }

  /** The log may be another one from some place on: all that is heard here is compared with it. */
  newEpoch(): void {
    this.#audit.all();
  }

  /** Tells a signal to those of a room who are at other nodes. */
  signalRoom(room: string, note: OutboundEvent, exceptUser: string): void {
    const { name, body } = note;
    this.#publish(`room:${room}`, { kind: 'signal', node: this.#node, name, body, exceptUser });
  }

  /** Whether one of the two of a direct room blocks the other, for the nodes at which they are. */
  setQuiet(room: string, quiet: boolean): void {
    this.#publish(`room:${room}`, { kind: 'quiet', node: this.#node, room, quiet });
  }

  /** Tells a signal to a user's connections at other nodes. */
  signalUser(user: string, note: OutboundEvent): void {
    this.#publish(`user:${user}`, { kind: 'signal', node: this.#node, name: note.name, body: note.body });
  }

  /** Tells the other nodes that a session is over. */
  sessionEnded(session: Session, reason: 'signed_out' | 'revoked'): void {
    this.#publish(`user:${session.user.id}`, { kind: 'sessionEnded', node: this.#node, session: session.id, reason });
  }

  /** See `Bus.count`. */
  count(key: string, points: number, windowMs: number): Promise<{ total: number; msLeft: number } | undefined> {
    return this.#peers.isUp ? this.#bus.count(key, points, windowMs) : Promise.resolve(undefined);
  }

  userCame(user: string): Promise<void> {
    return this.#bus.subscribe(`user:${user}`);
  }

  userWent(user: string): void {
    this.#bus.unsubscribe(`user:${user}`);
  }

  entered(places: readonly Place[]): boolean {
    for (const { room, seq } of places) this.#hear(room, seq);
    return places.every(({ room, seq }) => seq >= (this.#sequence.startOf(room) ?? 0));
  }

  joined(user: string, room: string): void {
    this.#parts.presence.entered(user, room);
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
    clearInterval(this.#sweeping);
    this.#audit.close();
    this.#people.close();
    this.#sequence.close();
    this.#peers.close();
    await this.#bus.close();
  }

  async #openBus(url: string): Promise<void> {
    const { logger, store } = this.#parts;
    const { RedisBus } = await import('./redis-bus.js');
    const bus = RedisBus.open({ url, prefix: `madang:${store.place}`, listener: this, logger });
    this.#bus = await bus;
    await Promise.all([this.#bus.subscribe('nodes'), this.#bus.subscribe(`node:${this.#node}`)]);
    this.#peers.connected(this.#bus.isConnected);
  }

  #committedIn(room: string, events: CommittedEvent[]): void {
    if (this.#parts.bus !== undefined) this.#hand(`room:${room}`, eventsMessage(this.#node, room, events));
    for (const [index, event] of events.entries()) {
      if (event.name !== 'member.joined') continue;
      const user = memberOf(event);
      // Where this user is connected nobody may hear the room yet.
      if (this.#parts.bus !== undefined) {
        this.#hand(`user:${user}`, eventsMessage(this.#node, room, events.slice(index)));
      }
      if (this.#parts.connections.ofUser(user).length > 0) this.#hear(room, event.seq - 1);
    }
    this.#offer(room, events);
  }

  #offer(room: string, events: readonly CommittedEvent[]): void {
    this.#sequence.offer(room, events);
    for (const event of events) {
      if (event.name === 'member.joined' && this.#hasMissed(memberOf(event), room, event.seq)) {
        void this.#letIn(memberOf(event));
      }
    }
  }

  /** Whether a user's joining was passed over: somebody else's coming has made this node follow the room from later on. */
  #hasMissed(user: string, room: string, joinedSeq: number): boolean {
    const { connections } = this.#parts;
    const delivered = this.#sequence.deliveredIn(room) ?? 0;
    return delivered >= joinedSeq && connections.ofUser(user).length > 0 && !connections.roomsOf(user).includes(room);
  }

  /** Lets a user who is here into the rooms whose joining they have missed. Tries until it can. */
  async #letIn(user: string): Promise<void> {
    const { connections, delivery, log, store } = this.#parts;
    try {
      while (connections.ofUser(user).length > 0) {
        const rooms = connections.roomsOf(user);
        const memberships = await membershipsOf(store.read, [user]);
        const missed = memberships.filter(({ room, joinedSeq }) => this.#hasMissed(user, room, joinedSeq));
        const read = missed.map(({ room, joinedSeq }) => log.readCommitted(room, joinedSeq - 1, 1));
        const joinings = (await Promise.all(read)).flat();
        // Who came or left meanwhile makes what was read old.
        if (!connections.hasRooms(user) || connections.roomsOf(user) !== rooms) continue;
        for (const { room, joinedSeq } of missed) {
          const head = this.#sequence.deliveredIn(room);
          const joining = joinings.find((event) => event.room === room && event.seq === joinedSeq);
          if (head !== undefined) delivery.letIn(user, { room, seq: head }, joining);
        }
        return;
      }
    } catch (error) {
      this.#logProblem(error);
      setTimeout(() => void this.#letIn(user), LET_IN_AGAIN_MS).unref();
    }
  }

  #take(topic: Topic, message: NodeMessage): void {
    const { lifecycle, connections, delivery, traces } = this.#parts;
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
      const note = new OutboundEvent(message.name, message.body);
      if (isForUser) delivery.signalUser(name, note);
      else delivery.signalRoom(name, note, message.exceptUser);
    } else if (message.kind === 'sessionEnded') lifecycle.sessionEnded(message.session, message.reason);
    else if (message.kind === 'who') this.#people.answer(message);
    else if (message.kind === 'presence') this.#people.take(message);
    else if (message.kind === 'trace') traces.answer(message);
    else if (message.kind === 'traced') traces.take(message);
  }

  /** Follows a room from a place on, if it isn't followed already. */
  #hear(room: string, seq: number): void {
    if (this.#sequence.deliveredIn(room) !== undefined) return;
    this.#sequence.start(room, seq);
    this.#maybeUnheard.set(room, performance.now());
    void this.#subscribe(room);
  }

  async #subscribe(room: string): Promise<void> {
    await this.#bus.subscribe(`room:${room}`);
    // What was committed before the subscription was there did not come over the bus.
    this.#audit.room(room);
    await this.#people.ask(room);
  }

  #sweep(): void {
    const now = performance.now();
    for (const [room, since] of this.#maybeUnheard) {
      if (now - since < LINGER_MS) continue;
      this.#maybeUnheard.delete(room);
      if (this.#parts.connections.inRoom(room).size > 0) continue;
      this.#sequence.stop(room);
      this.#people.forget(room);
      this.#bus.unsubscribe(`room:${room}`);
    }
  }

  #deliver(batch: CommittedBatch): void {
    this.#parts.delivery.committed(batch);
    const last = batch.at(-1);
    if (last) this.#parts.store.saw(placeOfEvent(last));
    for (const event of batch) {
      if (event.name === 'member.left') this.#elsewhere.left(memberOf(event), event.room);
    }
  }

  #broken(room: string, head: number): void {
    this.#parts.logger.warn({ room, head }, 'a log does not go on where it was; its readers are sent to read it');
    this.#parts.delivery.signalRoom(room, behindEvent(room, head));
  }

  #peersChanged(): void {
    this.#audit.all();
    if (this.#peers.isWhole) this.#people.askAgain(this.#sequence.rooms);
  }

  #publish(topic: Topic, message: NodeMessage): void {
    if (this.#parts.bus !== undefined) this.#bus.publish(topic, JSON.stringify(message));
  }

  /** Hands events over; where that fails, the other nodes are told to look into the log. */
  #hand(topic: Topic, message: string): void {
    if (!this.#bus.publish(topic, message)) this.#peers.dropped();
  }

  #logProblem(error: unknown): void {
    const now = performance.now();
    if (now - this.#loggedAt < LOG_EVERY_MS) return;
    this.#loggedAt = now;
    this.#parts.logger.warn({ reason: messageOf(error) }, 'the log could not be read for delivery; trying again');
  }
}

/** What tells an event from another one in its place. */
function placeOfEvent({ room, seq, body }: CommittedEvent): Parameters<Store['saw']>[0] {
  const { at, actor } = body as { at: number; actor: { id: string } };
  return { room, seq, at, actor: actor.id };
}
