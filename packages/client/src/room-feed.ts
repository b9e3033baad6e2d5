import type { CommandOutput, LoggedEvent, Message, Room, UserRef } from '@madang/protocol';
import type { BackOffOptions } from './back-off.js';
import type { Call } from './connection.js';
import type { CursorReset, Cursors } from './cursors.js';
import { GapRepair } from './gap-repair.js';
import type { NamedSignal } from './incoming.js';
import type { OfflineList, OfflineState } from './offline-store.js';
import type { OutboxEntry } from './outbox-store.js';
import { ReadMarks } from './read-marks.js';
import { errorFrom, mayRetry } from './errors.js';
import { type RoomEvent, roomEvent } from './room-event.js';
import { RoomQuestions } from './room-questions.js';
import { LiveRoomView } from './room-view.js';
import { Rooms } from './rooms.js';
import type { SessionState } from './session.js';

/** The most events and signals that wait for a room or a session to be known. Any event beyond is read from the log. */
const MAX_EARLY = 1000;

/** The feed's options and callbacks. */
export interface RoomFeedOptions {
  call: Call;
  backOff?: BackOffOptions;
  isOnline(): boolean;
  me(): UserRef | undefined;
  /** A room's entries in the outbox. */
  entries(room: string): readonly OutboxEntry[];
  /** One of the user's own messages is in the log. */
  arrived(message: Message): void;
  /** An event has been applied: now the listeners receive it. */
  emit(event: RoomEvent): void;
  /** Whether anybody wants every event, however many were missed. */
  wantsAll(): boolean;
  /** Some events of a room can't be delivered. */
  reset(reset: CursorReset): void;
  /** A page of messages was read. */
  loaded(): void;
  /** Continues after these. */
  resume?: Cursors;
}

/**
 * The caller's rooms and their views, fed with events. An event waits until the session has begun and its room is
 * known; gap repair puts it in order; then the list of rooms, the room's view and the listeners receive it, in that
 * order.
 */
export class RoomFeed {
  readonly rooms: Rooms;
  readonly #options: RoomFeedOptions;
  readonly #repair: GapRepair;
  readonly #readMarks: ReadMarks;
  readonly #access: RoomQuestions;
  readonly #discovery: RoomQuestions;
  readonly #views = new Map<string, LiveRoomView>();
  /** Events of rooms that the server is being asked about. */
  readonly #undiscovered = new Map<string, LoggedEvent[]>();
  /** What came before it could be taken: the session's answer may be older than these. */
  #early: (() => void)[] = [];
  #hasBegun = false;
  #epoch: string | undefined;

  constructor(options: RoomFeedOptions) {
    this.#options = options;
    this.rooms = new Rooms((room) => this.#views.get(room)?.refresh());
    this.#readMarks = new ReadMarks(options.call, (answer) => this.rooms.marked(answer));
    this.#access = new RoomQuestions((room) => this.#askAccess(room), options.backOff);
    this.#discovery = new RoomQuestions((room) => this.#discover(room), options.backOff);
    this.#repair = new GapRepair(
      {
        call: options.call,
        apply: (event) => this.#apply(roomEvent(event)),
        farBehind: (room) => {
          this.#views.get(room)?.reload();
          // Among what is passed over may be a new role.
          if (this.#hasBegun) this.#access.ask(room);
          return options.wantsAll();
        },
        reset: (room, after) => {
          this.#views.get(room)?.reset();
          options.reset({ type: 'cursor.reset', room, reason: 'history', after });
        },
        cut: (room, after) => options.reset({ type: 'cursor.reset', room, reason: 'retention', after }),
        gone: (room) => this.leave(room),
      },
      options.backOff,
    );
    if (options.resume) this.#repair.resume(options.resume);
  }

  /** How far each room's events have been delivered; undefined before a session. */
  cursors(): Cursors | undefined {
    return this.#repair.cursors();
  }

  /** A room's view; the same object for the same id. */
  view(id: string): LiveRoomView {
    let view = this.#views.get(id);
    if (!view) {
      view = new LiveRoomView(id, {
        call: this.#options.call,
        isOnline: () => this.#options.isOnline(),
        me: () => this.#options.me(),
        room: (room) => this.rooms.get(room),
        entries: (room) => this.#options.entries(room),
        arrived: (message) => this.#options.arrived(message),
        markRead: (room, seq) => this.#markRead(room, seq),
        loaded: () => this.#options.loaded(),
      });
      this.#views.set(id, view);
    }
    return view;
  }

  /** Without a connection: shows what was kept, as if the connection had been lost then. */
  restore({ session, rooms, lists }: OfflineState): void {
    const known = new Set(rooms.map(({ id }) => id));
    const kept = lists.filter(({ room }) => known.has(room));
    this.#epoch = session.epoch;
    for (const room of rooms) this.rooms.put(room);
    this.rooms.setSections(session.sections ?? []);
    const cursors = Object.fromEntries(kept.map(({ room, applied }) => [room, applied]));
    this.#repair.resume({ epoch: session.epoch, rooms: cursors });
    for (const list of kept) this.view(list.room).restore(list);
  }

  /** The messages of every room where some are loaded, to be kept. */
  *lists(): Generator<OfflineList> {
    for (const [id, view] of this.#views) {
      const applied = this.#repair.applied(id);
      const list = applied === undefined ? undefined : view.copy(applied);
      if (list) yield list;
    }
  }

  /** The session has begun: takes its rooms, and fetches what was missed in those already known. */
  async begin(state: SessionState, call: Call): Promise<void> {
    if (this.#epoch !== state.epoch) this.rooms.clear();
    this.#epoch = state.epoch;
    const rooms = new Map(state.rooms.map((room) => [room.id, room]));
    for (const id of this.#repair.rooms()) if (!rooms.has(id)) this.leave(id);
    for (const { id } of this.rooms.all()) {
      const room = rooms.get(id);
      // Of a room that was kept without its messages, nothing was missed.
      if (room) this.#repair.follow(id, room.head);
      else this.leave(id);
    }
    for (const room of state.rooms) this.#enter(room);
    this.rooms.setSections(state.sections);
    const synced = this.#repair.sync(rooms, state.epoch, call);
    this.#hasBegun = true;
    this.#takeEarly();
    await synced;
  }

  /** The connection is usable: loads and sends whatever could not be before. */
  online(): void {
    this.#takeEarly();
    for (const view of this.#views.values()) view.online();
    this.#readMarks.flushSoon();
  }

  /** The connection is gone. */
  pause(): void {
    this.#hasBegun = false;
    this.#early = [];
    this.#undiscovered.clear();
    this.#discovery.pause();
    this.#access.pause();
    this.#repair.pause();
  }

  /** Somebody else is about to sign in: forgets everything. */
  clear(): void {
    this.#hasBegun = false;
    this.#early = [];
    this.#epoch = undefined;
    this.#undiscovered.clear();
    this.#discovery.pause();
    this.#access.pause();
    this.#repair.clear();
    this.#readMarks.clear();
    this.rooms.clear();
    for (const view of this.#views.values()) view.reset();
  }

  /** Takes an event received over the wire. */
  receive(event: LoggedEvent): void {
    if (!this.#hasBegun) keepEarly(this.#early, () => this.receive(event));
    else if (this.#repair.has(event.room)) this.#repair.receive(event);
    // Nothing can be asked yet.
    else if (!this.#options.isOnline()) keepEarly(this.#early, () => this.receive(event));
    else this.#askUnknown(event);
  }

  /** Takes a signal received over the wire. */
  signalled(signal: NamedSignal): void {
    if (!this.#hasBegun) return keepEarly(this.#early, () => this.signalled(signal));
    switch (signal.type) {
      case 'typing.started':
        return this.#views.get(signal.room)?.typingStarted(signal);
      case 'presence.changed':
        for (const view of this.#views.values()) view.presenceChanged(signal);
        return;
      case 'read.marked':
        return this.rooms.marked(signal);
      case 'room.hidden':
        return this.rooms.setHidden(signal.room, signal.hidden);
      case 'membership.changed':
        return this.rooms.setMembership(signal);
      case 'sections.changed':
        return this.rooms.setSections(signal.sections);
      case 'user.blocked':
        return this.rooms.setBlocked(signal.user.id, signal.blocked);
      case 'access.changed':
        if (this.rooms.get(signal.room)) this.#access.ask(signal.room);
        return;
      case 'room.behind':
        // Of an unknown room the server no longer has the event by which the caller joined it.
        if (this.#repair.has(signal.room)) return this.#repair.note(signal.room, signal.head);
        if (!this.#options.isOnline()) return keepEarly(this.#early, () => this.signalled(signal));
        return this.#discovery.ask(signal.room);
      default:
    }
  }

  /** A send was acknowledged: its message is shown now, and stands in for the event until that one's turn comes. */
  acknowledged(message: Message): void {
    this.#views.get(message.room)?.confirm(message);
    // The event is the same for everybody, so it has no `can`.
    const { can: _, ...told } = message;
    const { room, seq, at, author: actor, editedAt, deletedAt, reactions } = told;
    // The answer to a repeated send may be newer than the event: then the event itself must be read.
    if (editedAt !== undefined || deletedAt !== undefined || reactions?.length) return this.#repair.note(room, seq);
    this.#repair.receive({ type: 'message.created', room, seq, at, actor, message: told });
  }

  /** A call has changed a message: shows the answer's message now. Events that it already reflects are not applied again. */
  settled({ message, asOf }: CommandOutput<'message.edit'>): void {
    this.#views.get(message.room)?.settle(message, asOf);
  }

  /** The server has described a room. */
  learn(room: Room): void {
    if (room.role === undefined) return;
    this.#repair.follow(room.id, room.head);
    this.#enter(room);
    this.#repair.note(room.id, room.head);
  }

  /** The caller is no longer in a room. */
  leave(id: string): void {
    this.#repair.unfollow(id);
    this.rooms.remove(id);
    this.#views.get(id)?.gone();
  }

  /** What a room shows of the user or the outbox has changed; in every room if none is given. */
  refresh(room?: string): void {
    if (room !== undefined) this.#views.get(room)?.refresh();
    else for (const view of this.#views.values()) view.refresh();
  }

  /** Stops all timers and reads. May be called twice. */
  close(): void {
    this.#repair.close();
    this.#access.close();
    this.#discovery.close();
    this.#readMarks.close();
    for (const view of this.#views.values()) view.close();
  }

  #apply(event: RoomEvent): void {
    const me = this.#options.me()?.id ?? '';
    const isNew = this.rooms.apply(event, me);
    if (isNew && (givesRole(event, me) || this.rooms.hasUnsureMentions(event, me))) this.#access.ask(event.room);
    if (event.type === 'message.created' && event.actor.id === me) this.#options.arrived(event.message);
    this.#views.get(event.room)?.apply(event);
    this.#options.emit(event);
    if (event.type === 'member.left' && event.user.id === me) this.leave(event.room);
  }

  async #askAccess(id: string): Promise<void> {
    const { room } = await this.#options.call('room.get', { room: id });
    // The caller may have left it meanwhile: an old answer must not bring it back.
    if (!this.rooms.get(id)) return;
    this.learn(room);
    this.rooms.allow(id, room.can);
  }

  #enter(room: Room): void {
    this.rooms.put(room);
    this.#views.get(room.id)?.here();
  }

  #markRead(room: string, seq: number): void {
    if (seq <= (this.rooms.get(room)?.read ?? 0)) return;
    this.rooms.read(room, seq);
    this.#readMarks.mark(room, seq);
  }

  #takeEarly(): void {
    for (const take of this.#early.splice(0)) take();
  }

  /** An event of an unknown room: the caller has joined it elsewhere, or has just left it. */
  #askUnknown(event: LoggedEvent): void {
    const waiting = this.#undiscovered.get(event.room);
    if (waiting) return keepEarly(waiting, event);
    if (event.type === 'member.left' && event.user.id === this.#options.me()?.id) return;
    this.#undiscovered.set(event.room, [event]);
    this.#discovery.ask(event.room);
  }

  async #discover(id: string): Promise<void> {
    let room: Room;
    try {
      // Awaited as directly as other calls: answers that arrive together are applied in their order.
      ({ room } = await this.#options.call('room.get', { room: id }));
    } catch (error) {
      if (!mayRetry(errorFrom(error))) this.#undiscovered.delete(id);
      throw error;
    }
    const waiting = this.#undiscovered.get(id) ?? [];
    this.#undiscovered.delete(id);
    if (room.role === undefined) return;
    if (waiting.length > 0) this.#repair.follow(id, Math.min(...waiting.map(({ seq }) => seq)) - 1);
    for (const each of waiting) this.#repair.receive(each);
    // Unless the last of them was the caller's leaving.
    if (waiting.length === 0 || this.#repair.has(id)) this.learn(room);
  }
}

/** Whether an event gives the caller a role: what it lets them do, the server tells. */
function givesRole(event: LoggedEvent, me: string): boolean {
  if (event.type !== 'member.joined' && event.type !== 'member.updated') return false;
  return event.user.id === me && event.role !== undefined;
}

function keepEarly<T>(early: T[], what: T): void {
  if (early.length < MAX_EARLY) early.push(what);
}
