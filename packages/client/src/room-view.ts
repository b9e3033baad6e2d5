import { fail, type Member, type Message, type Room, type SignalOf, TYPING_MS, type UserRef } from '@madang/protocol';
import type { Call } from './connection.js';
import type { MessageList, Place, ViewMessage } from './message-list.js';
import { type MessagePage, MessageStore } from './message-store.js';
import { MessageWindow, type Range } from './message-window.js';
import { Derived, sameFields, sameList } from './observable.js';
import type { OfflineList } from './offline-store.js';
import type { OutboxEntry } from './outbox-store.js';
import { PendingReactions } from './reactions.js';
import { type Activity, isActivity, type RoomEvent } from './room-event.js';
import { RoomMembers } from './room-members.js';
import type { RoomState, RoomView, Unread } from './room-state.js';
import { Timers } from './timers.js';
import { Typists } from './typists.js';
import { ViewMessages } from './view-messages.js';

/** What a view needs from its client. */
export interface RoomViewContext {
  call: Call;
  isOnline(): boolean;
  me(): UserRef | undefined;
  room(id: string): Room | undefined;
  entries(room: string): readonly OutboxEntry[];
  /** One of the user's own messages was found in the log. */
  arrived(message: Message): void;
  markRead(room: string, seq: number): void;
  /** A page was read. */
  loaded(): void;
}

const MAX_ACTIVITY = 100;

/** How many messages of a room are kept for use without a connection. */
const KEPT_MESSAGES = 50;

/** How many messages the list at the end keeps while nobody watches it. */
const UNWATCHED_MESSAGES = 200;

/** The view that the client feeds. */
export class LiveRoomView implements RoomView {
  readonly #id: string;
  readonly #context: RoomViewContext;
  readonly #timers = new Timers();
  readonly #typing: Typists;
  readonly #people: RoomMembers;
  readonly #store: MessageStore;
  readonly #reactions: PendingReactions;
  readonly #viewMessages = new ViewMessages();
  readonly #state: Derived<RoomState>;
  /** The list at the end, and others while they are watched. */
  readonly #windows = new Set<MessageWindow>();
  readonly messages: MessageWindow;
  readonly room: Derived<Room | undefined>;
  readonly status: Derived<RoomState['status']>;
  readonly activity: Derived<readonly Activity[]>;
  readonly unread: Derived<Unread>;
  readonly members: Derived<readonly Member[]>;
  readonly typists: Derived<readonly UserRef[]>;
  #isGone = false;
  #kept: OfflineList | undefined;
  #copied: OfflineList | undefined;
  #logStart = 0;
  #activities: readonly Activity[] = [];
  #typedAt = -Infinity;

  constructor(id: string, context: RoomViewContext) {
    this.#id = id;
    this.#context = context;
    this.#store = new MessageStore(() => this.#myId());
    this.#reactions = new PendingReactions(
      (message, emoji, isAdded) => this.#sendReaction(message, emoji, isAdded),
      () => this.#messagesChanged(),
    );
    this.#typing = new Typists(() => {
      this.typists.invalidate();
      this.#state.invalidate();
    });
    this.#people = new RoomMembers(id, context.call, () => this.#state.invalidate());
    this.messages = this.#window('end');
    this.#windows.add(this.messages);
    this.room = new Derived(() => context.room(id));
    this.status = new Derived(() => this.#statusOfAll());
    this.activity = new Derived(() => this.#activities);
    this.unread = new Derived((before) => sameFields(before, unreadIn(context.room(id))));
    this.members = this.#people.list;
    this.typists = new Derived((before) => sameList(before, this.#typing.users()));
    this.#state = new Derived((before) => this.#compute(before), { began: () => this.messages.want() });
  }

  readonly get = (): RoomState => this.#state.get();

  readonly subscribe = (listener: () => void): (() => void) => this.#state.subscribe(listener);

  list(place: Place): MessageList {
    if (place === 'end') return this.#end();
    if (typeof place === 'object' && !(Number.isSafeInteger(place.around) && place.around >= 0)) {
      fail('invalid_input', 'around: must be a whole number, 0 or more');
    }
    if (place === 'unread' && this.#context.room(this.#id)) {
      const after = this.#unreadAfter();
      if (after === undefined) return this.#end();
      if (this.messages.reaches(after)) return this.messages;
      if (!this.#context.isOnline() && this.#kept) return this.#keptList(this.#kept);
    }
    return this.#window(place);
  }

  /** The list as it is kept for use without a connection, reflecting events up to a seq. The same object until it changes. */
  copy(applied: number): OfflineList | undefined {
    const windows = [...this.#windows].filter(({ range }) => range);
    const range = (windows.find((window) => !window.range!.hasNewer) ?? windows[0])?.range;
    if (!range) return undefined;
    const upTo = Math.min(applied, range.upTo);
    const seqs = range.seqs.filter((seq) => seq <= upTo).slice(-KEPT_MESSAGES);
    const messages = seqs.flatMap((seq) => this.#store.entry(seq) ?? []);
    const hasOlder = range.hasOlder || seqs[0] !== range.seqs[0];
    const { hasNewer } = range;
    const before = this.#copied;
    const list = {
      room: this.#id,
      applied: upTo,
      messages: sameList(before?.messages, messages),
      hasOlder,
      hasNewer,
      logStart: this.#logStart,
      at: before?.at ?? 0,
    };
    if (sameFields(before, list) !== before) this.#copied = { ...list, at: Date.now() };
    return this.#copied;
  }

  /** Shows a list that was kept, as before a connection was lost. */
  restore(list: OfflineList): void {
    this.#kept = list;
    this.#logStart = list.logStart;
    this.#store.restore(list.messages, list.applied);
    this.messages.restore(rangeOf(list));
  }

  loadOlder(): Promise<void> {
    return this.messages.loadOlder();
  }

  loadMembers(): Promise<void> {
    return this.#people.load();
  }

  markRead(): void {
    this.messages.markRead();
  }

  async react(message: string, emoji: string, isAdded: boolean): Promise<void> {
    return this.#reactions.set(message, emoji, isAdded);
  }

  typing(): void {
    const now = performance.now();
    if (now - this.#typedAt < TYPING_MS / 2 || !this.#context.isOnline()) return;
    this.#typedAt = now;
    // A signal may be lost.
    this.#context.call('typing.start', { room: this.#id }).catch(() => {});
  }

  /** Applies the room's next event. */
  apply(event: RoomEvent): void {
    this.#store.apply(event);
    for (const window of this.#windows) window.apply(event);
    if (!this.#state.isWatched && !this.messages.isWatched) this.messages.keepNewest(UNWATCHED_MESSAGES);
    if (event.type === 'message.created') this.#sent(event.actor.id);
    if (event.type === 'member.left') this.#typing.remove(event.user.id);
    if (isActivity(event)) this.#activities = [...this.#activities, event].slice(-MAX_ACTIVITY);
    this.#people.apply(event);
    this.refresh();
  }

  /** Adds a message from an acknowledgement, before its event's turn. */
  confirm(message: Message): void {
    for (const window of this.#windows) window.confirm(message);
    this.#sent(message.author.id);
  }

  /** Takes a message from an answer that reflects the log up to `asOf`, perhaps beyond the events received so far. */
  settle(message: Message, asOf: number): void {
    this.#store.settle(message, asOf);
    this.#messagesChanged();
  }

  /** Somebody is typing here. */
  typingStarted({ user, expiresMs }: SignalOf<'typing.started'>): void {
    if (user.id !== this.#myId()) this.#typing.add(user, expiresMs);
  }

  /** Somebody came online or went offline. */
  presenceChanged(signal: SignalOf<'presence.changed'>): void {
    this.#people.apply({ type: 'presence.changed', ...signal });
  }

  /** Something that the view computes from the client's rooms, user or outbox has changed. */
  refresh(): void {
    for (const slice of [this.room, this.activity, this.unread]) slice.invalidate();
    this.#messagesChanged();
  }

  /** The connection is up again: loads what could not be loaded, and what may have changed. */
  online(): void {
    this.#kept = undefined;
    for (const window of this.#windows) window.online();
    this.#people.online();
  }

  /** Too much was missed to show all of it. */
  reload(): void {
    this.#store.skipped();
    for (const window of this.#windows) window.reload();
  }

  /** Forgets everything: there is another history, or another user. */
  reset(): void {
    this.#isGone = false;
    this.#forget('loading');
    for (const window of this.#windows) window.online();
  }

  /** The caller is no longer in the room. */
  gone(): void {
    this.#isGone = true;
    this.#forget('gone');
  }

  /** The caller is in the room. */
  here(): void {
    if (this.#isGone) this.reset();
    else this.refresh();
  }

  /** Stops its timers. May be called twice. */
  close(): void {
    this.#timers.close();
    this.#typing.close();
  }

  #end(): MessageWindow {
    this.messages.toEnd();
    return this.messages;
  }

  /** What there is to show until the connection is up. */
  #keptList(kept: OfflineList): MessageWindow {
    if (!kept.hasNewer) return this.messages;
    const window = this.#window('unread');
    window.restore(rangeOf(kept));
    return window;
  }

  #window(place: Place): MessageWindow {
    return new MessageWindow(place, {
      room: this.#id,
      call: this.#context.call,
      store: this.#store,
      timers: this.#timers,
      isOnline: () => this.#context.isOnline(),
      unreadAfter: () => this.#unreadAfter(),
      show: (seqs, atEnd) => this.#show(seqs, atEnd),
      logStart: () => this.#logStart,
      changed: () => this.#changed(),
      read: (page) => this.#pageRead(page),
      released: () => this.#release(),
      refused: () => this.gone(),
      watched: (window, isWatched) => this.#watched(window, isWatched),
      markRead: (seq) => this.#context.markRead(this.#id, seq),
    });
  }

  #watched(window: MessageWindow, isWatched: boolean): void {
    if (isWatched) {
      this.#windows.add(window);
      if (this.#isGone) window.forget('gone');
      else window.want();
    } else if (window !== this.messages) {
      // A component that changes its listener removes the old one before adding the new one.
      queueMicrotask(() => {
        if (window.isWatched) return;
        window.rest();
        this.#windows.delete(window);
        this.#release();
      });
    }
  }

  #unreadAfter(): number | undefined {
    const room = this.#context.room(this.#id);
    if (!room?.unread) return undefined;
    const { read = 0 } = unreadIn(room);
    return read < room.head ? read : undefined;
  }

  async #sendReaction(message: string, emoji: string, isAdded: boolean): Promise<void> {
    const input = { message, emoji, ...(!isAdded && { remove: true }) };
    const answer = await this.#context.call('message.react', input);
    this.settle(answer.message, answer.asOf);
  }

  #pageRead({ messages, logStart = 0 }: MessagePage): void {
    if (logStart > this.#logStart) {
      this.#logStart = logStart;
      for (const window of this.#windows) window.cut(logStart);
      this.#messagesChanged();
    }
    for (const message of messages) if (message.author.id === this.#myId()) this.#context.arrived(message);
    this.#context.loaded();
  }

  #release(): void {
    this.#store.keepOnly(new Set([...this.#windows].flatMap(({ seqs }) => seqs)));
  }

  #forget(status: 'loading' | 'gone'): void {
    this.#kept = undefined;
    this.#store.clear();
    this.#logStart = 0;
    for (const window of this.#windows) window.forget(status);
    this.#activities = [];
    this.#people.clear();
    this.#typing.clear();
    this.refresh();
  }

  #messagesChanged(): void {
    for (const window of this.#windows) window.refresh();
    this.#changed();
  }

  #changed(): void {
    this.status.invalidate();
    this.#state.invalidate();
  }

  /** Whoever has sent a message types no longer. If the caller types the next one, the others are told at once. */
  #sent(author: string): void {
    this.#typing.remove(author);
    if (author === this.#myId()) this.#typedAt = -Infinity;
  }

  #myId(): string {
    return this.#context.me()?.id ?? '';
  }

  #statusOfAll(): RoomState['status'] {
    if (this.#isGone) return 'gone';
    return [...this.#windows].some(({ status }) => status === 'ready') ? 'ready' : 'loading';
  }

  #compute(before: RoomState | undefined): RoomState {
    const { hasNewer: _, loadingNewer: __, ...list } = this.messages.get();
    return sameFields(before, {
      room: this.room.get(),
      ...list,
      activity: this.activity.get(),
      members: this.members.get(),
      typing: this.typists.get(),
    });
  }

  #show(seqs: readonly number[], atEnd: boolean): readonly ViewMessage[] {
    const me = this.#context.me();
    const viewer = { me, can: this.#context.room(this.#id)?.can };
    const sent: ViewMessage[] = [];
    for (const seq of seqs) {
      const message = this.#store.get(seq);
      if (message) sent.push(this.#viewMessages.sent(this.#reactions.on(message, me), viewer));
    }
    const waiting = atEnd ? this.#context.entries(this.#id) : [];
    if (waiting.length === 0) return sent;
    // A message sent before a reload, whose acknowledgement was lost, is present as both.
    const keys = new Set(sent.map(({ key }) => key));
    const unsent = waiting.filter(({ clientId }) => !keys.has(clientId));
    return [...sent, ...unsent.map((entry) => this.#viewMessages.waiting(entry, viewer))];
  }
}

function unreadIn(room: Room | undefined): Unread {
  const { read, joined = 0, unread = 0, mentions = 0 } = room ?? {};
  // Messages from before the user joined are history rather than unread.
  return { read: read === undefined ? undefined : Math.max(read, joined), unread, mentions };
}

function rangeOf({ messages, applied, hasOlder, hasNewer }: OfflineList): Range {
  const seqs = messages.map(({ message }) => message.seq);
  return { seqs, upTo: hasNewer ? (seqs.at(-1) ?? 0) : applied, hasOlder, hasNewer };
}
