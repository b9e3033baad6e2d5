import {
  type Member,
  type MadangError,
  type Message,
  type MessageAbilities,
  type Room,
  type RoomAbilities,
  type SignalOf,
  TYPING_MS,
  type UserRef,
} from '@madang/protocol';
import { BackOff } from './back-off.js';
import type { Call } from './connection.js';
import { errorFrom, mayRetry } from './errors.js';
import { Derived } from './observable.js';
import type { OutboxEntry } from './outbox-store.js';
import { type Activity, isActivity, type RoomEvent } from './room-event.js';
import { changeMembers, type MemberChange } from './room-members.js';
import {
  applyEvent,
  confirm,
  keepNewest,
  newestPage,
  noMessages,
  olderPage,
  type RoomMessages,
} from './room-messages.js';
import type { RoomState, RoomView, ViewMessage } from './room-state.js';
import { Timers } from './timers.js';
import { Typists } from './typists.js';

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
}

const PAGE_MESSAGES = 50;
const PAGE_MEMBERS = 200;
const MAX_MEMBERS = 2000;
const MAX_ACTIVITY = 100;

/** How many messages a view keeps while nobody watches it. */
const UNWATCHED_MESSAGES = 200;

/** A page being read, and the events that have arrived since. */
interface Loading<T> {
  since: T[];
}

/** The view that the client feeds. */
export class LiveRoomView implements RoomView {
  readonly #id: string;
  readonly #context: RoomViewContext;
  readonly #timers = new Timers();
  readonly #state: Derived<RoomState>;
  readonly #typists: Typists;
  readonly #backOff = new BackOff();
  readonly #shown = new WeakMap<Message | OutboxEntry, ViewMessage>();
  #status: RoomState['status'] = 'loading';
  #messages: RoomMessages = noMessages;
  #activity: readonly Activity[] = [];
  #members: readonly Member[] = [];
  #loading: Loading<RoomEvent> | undefined;
  #loadingOlder: Loading<RoomEvent> | undefined;
  #loadingMembers: Loading<MemberChange> | undefined;
  /** Nothing is loaded yet, or there is a hole before the events to come: they wait for the next page. */
  #needsPage = true;
  #isWanted = false;
  #hasMembers = false;
  #typedAt = 0;

  constructor(id: string, context: RoomViewContext) {
    this.#id = id;
    this.#context = context;
    this.#state = new Derived(
      () => this.#compute(),
      () => this.#want(),
    );
    this.#typists = new Typists(() => this.#state.invalidate());
  }

  readonly get = (): RoomState => this.#state.get();

  readonly subscribe = (listener: () => void): (() => void) => this.#state.subscribe(listener);

  async loadOlder(): Promise<void> {
    const oldest = this.#messages.entries[0]?.message.seq;
    if (this.#loadingOlder || this.#loading || !this.#messages.hasOlder || oldest === undefined) return;
    const loading: Loading<RoomEvent> = { since: [] };
    this.#loadingOlder = loading;
    this.#state.invalidate();
    try {
      const page = await this.#context.call('message.list', { room: this.#id, before: oldest, limit: PAGE_MESSAGES });
      if (this.#loadingOlder === loading) {
        this.#messages = olderPage(this.#messages, page, loading.since, this.#myId());
      }
    } finally {
      if (this.#loadingOlder === loading) this.#loadingOlder = undefined;
      this.#state.invalidate();
    }
  }

  async loadMembers(): Promise<void> {
    if (this.#loadingMembers) return;
    this.#hasMembers = true;
    const loading: Loading<MemberChange> = { since: [] };
    this.#loadingMembers = loading;
    try {
      const members = await this.#readMembers();
      if (this.#loadingMembers === loading) this.#members = loading.since.reduce(changeMembers, members);
    } finally {
      if (this.#loadingMembers === loading) this.#loadingMembers = undefined;
      this.#state.invalidate();
    }
  }

  markRead(): void {
    if (this.#status === 'ready') this.#context.markRead(this.#id, this.#messages.upTo);
  }

  typing(): void {
    const now = Date.now();
    if (now - this.#typedAt < TYPING_MS / 2 || !this.#context.isOnline()) return;
    this.#typedAt = now;
    // A signal may be lost.
    this.#context.call('typing.start', { room: this.#id }).catch(() => {});
  }

  /** Applies the room's next event. */
  apply(event: RoomEvent): void {
    this.#loading?.since.push(event);
    this.#loadingOlder?.since.push(event);
    if (!this.#needsPage) this.#messages = applyEvent(this.#messages, event, this.#myId());
    if (!this.#state.isWatched && !this.#loadingOlder) this.#messages = keepNewest(this.#messages, UNWATCHED_MESSAGES);
    if (event.type === 'message.created') this.#typists.remove(event.actor.id);
    if (event.type === 'member.left') this.#typists.remove(event.user.id);
    if (isActivity(event)) this.#activity = [...this.#activity, event].slice(-MAX_ACTIVITY);
    this.#changeMembers(event);
    this.#state.invalidate();
  }

  /** Adds a message from an acknowledgement, before its event's turn. */
  confirm(message: Message): void {
    if (this.#status !== 'gone') this.#messages = confirm(this.#messages, message);
    this.#typedAt = 0;
    this.#state.invalidate();
  }

  /** Somebody is typing here. */
  typingStarted({ user, expiresMs }: SignalOf<'typing.started'>): void {
    if (user.id !== this.#myId()) this.#typists.add(user, expiresMs);
  }

  /** Somebody came online or went offline. */
  presenceChanged(signal: SignalOf<'presence.changed'>): void {
    this.#changeMembers({ type: 'presence.changed', ...signal });
    this.#state.invalidate();
  }

  /** Something that the view computes from the client's rooms, user or outbox has changed. */
  refresh(): void {
    this.#state.invalidate();
  }

  /** The connection is up again: loads what could not be loaded, and what may have changed. */
  online(): void {
    this.#backOff.reset();
    this.#loadIfNeeded();
    if (this.#hasMembers) this.loadMembers().catch(() => {});
  }

  /** Reads the newest page again: too much was missed to show all of it. What is shown stays until then. */
  reload(): void {
    this.#needsPage = true;
    // A page being read may be from before the skipped events.
    this.#loading = undefined;
    this.#loadIfNeeded();
  }

  /** Forgets everything: there is another history, or another user. */
  reset(): void {
    this.#forget('loading');
    this.#loadIfNeeded();
  }

  /** The caller is no longer in the room. */
  gone(): void {
    this.#forget('gone');
  }

  /** The caller is in the room. */
  here(): void {
    if (this.#status === 'gone') this.reset();
    else this.#state.invalidate();
  }

  /** Stops its timers. May be called twice. */
  close(): void {
    this.#loading = undefined;
    this.#timers.close();
    this.#typists.close();
  }

  #want(): void {
    this.#isWanted = true;
    this.#loadIfNeeded();
  }

  #loadIfNeeded(): void {
    if (!this.#isWanted || !this.#needsPage || this.#status === 'gone' || !this.#context.isOnline()) return;
    void this.#load();
  }

  async #load(): Promise<void> {
    if (this.#loading) return;
    const loading: Loading<RoomEvent> = { since: [] };
    this.#loading = loading;
    this.#loadingOlder = undefined;
    try {
      const page = await this.#context.call('message.list', { room: this.#id, limit: PAGE_MESSAGES });
      if (this.#loading !== loading) return;
      this.#messages = newestPage(page, loading.since, this.#myId());
      this.#status = 'ready';
      this.#needsPage = false;
      this.#loading = undefined;
      for (const message of page.messages) if (message.author.id === this.#myId()) this.#context.arrived(message);
      this.#state.invalidate();
    } catch (error) {
      if (this.#loading === loading) this.#loadFailed(errorFrom(error));
    }
  }

  #loadFailed(error: MadangError): void {
    this.#loading = undefined;
    if (!mayRetry(error)) return this.gone();
    if (!this.#context.isOnline()) return;
    const waitMs = error.retryAfter === undefined ? this.#backOff.next() : error.retryAfter * 1000;
    this.#timers.after(waitMs, () => this.#loadIfNeeded());
  }

  async #readMembers(): Promise<readonly Member[]> {
    const members: Member[] = [];
    for (;;) {
      const after = members.at(-1)?.user.id;
      // oxlint-disable-next-line no-await-in-loop -- each page begins where the one before ended
      const page = await this.#context.call('member.list', {
        room: this.#id,
        limit: PAGE_MEMBERS,
        ...(after !== undefined && { after }),
      });
      members.push(...page.members);
      if (!page.more || page.members.length === 0 || members.length >= MAX_MEMBERS) return members;
    }
  }

  #changeMembers(change: MemberChange): void {
    this.#loadingMembers?.since.push(change);
    if (this.#hasMembers) this.#members = changeMembers(this.#members, change);
  }

  #forget(status: 'loading' | 'gone'): void {
    this.#status = status;
    this.#messages = noMessages;
    this.#activity = [];
    this.#members = [];
    this.#needsPage = true;
    this.#loading = undefined;
    this.#loadingOlder = undefined;
    this.#loadingMembers = undefined;
    this.#typists.clear();
    this.#state.invalidate();
  }

  #myId(): string {
    return this.#context.me()?.id ?? '';
  }

  #compute(): RoomState {
    return {
      room: this.#context.room(this.#id),
      status: this.#status,
      messages: this.#showMessages(),
      activity: this.#activity,
      hasOlder: this.#messages.hasOlder,
      isCut: this.#messages.logStart > 0,
      loadingOlder: this.#loadingOlder !== undefined,
      members: this.#members,
      typing: this.#typists.users(),
    };
  }

  #showMessages(): readonly ViewMessage[] {
    const me = this.#context.me();
    const can = this.#context.room(this.#id)?.can;
    const sent = this.#messages.entries.map(({ message }) => this.#showSent(message, me, can));
    const waiting = this.#context.entries(this.#id);
    if (waiting.length === 0) return sent;
    // A message sent before a reload, whose acknowledgement was lost, is present as both.
    const keys = new Set(sent.map(({ key }) => key));
    const unsent = waiting.filter(({ clientId }) => !keys.has(clientId));
    return [...sent, ...unsent.map((entry) => this.#show(entry, () => showWaiting(entry, me)))];
  }

  #showSent(message: Message, me: UserRef | undefined, room: RoomAbilities | undefined): ViewMessage {
    const isOwn = message.author.id === me?.id;
    const can = message.deletedAt === undefined ? room?.[isOwn ? 'ownMessages' : 'otherMessages'] : undefined;
    const shown = this.#shown.get(message);
    if (shown && shown.can !== can) this.#shown.delete(message);
    return this.#show(message, () => showSent(message, isOwn, can));
  }

  /** The same row for the same message, so that only changed rows are rendered again. */
  #show(source: Message | OutboxEntry, make: () => ViewMessage): ViewMessage {
    let shown = this.#shown.get(source);
    if (!shown) {
      shown = make();
      this.#shown.set(source, shown);
    }
    return shown;
  }
}

function showSent(message: Message, isOwn: boolean, can: MessageAbilities | undefined): ViewMessage {
  // The `can` of an answer may be out of date; the one of the room is kept current.
  const { can: _, ...told } = message;
  const key = isOwn ? (message.clientId ?? message.id) : message.id;
  return { ...told, ...(can && { can }), key, delivery: 'sent' };
}

function showWaiting({ room, text, at, clientId, error }: OutboxEntry, me: UserRef | undefined): ViewMessage {
  const author = { id: me?.id ?? '', name: me?.name ?? '' };
  const base = { id: '', room, seq: 0, author, text, at, clientId, key: clientId };
  return error ? { ...base, delivery: 'failed', error } : { ...base, delivery: 'pending' };
}
