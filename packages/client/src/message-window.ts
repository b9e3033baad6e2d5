import type { CommandInput, ErrorObject, Message } from '@madang/protocol';
import { BackOff } from './back-off.js';
import type { Call } from './connection.js';
import { errorFrom, mayRetry } from './errors.js';
import type { MessageList, MessageListState, Place, ViewMessage } from './message-list.js';
import type { MessagePage, MessageStore } from './message-store.js';
import { Derived, sameFields, sameList } from './observable.js';
import { PAGE_MESSAGES } from './page-size.js';
import type { RoomEvent } from './room-event.js';
import type { Timers } from './timers.js';

/** What a window needs from its room's view. */
export interface WindowContext {
  room: string;
  call: Call;
  store: MessageStore;
  timers: Timers;
  isOnline(): boolean;
  /** Unread messages begin after this seq; undefined if there are none. */
  unreadAfter(): number | undefined;
  /** Messages as the room shows them, followed by the unsent ones if `atEnd`. */
  show(seqs: readonly number[], atEnd: boolean): readonly ViewMessage[];
  /** Messages up to this seq are no longer kept. */
  logStart(): number;
  /** The window's state, or that of the room, has changed. */
  changed(): void;
  /** A page was read. It may have a new log start, and messages that the outbox waits for. */
  read(page: MessagePage): void;
  /** Some messages have left this window. */
  released(): void;
  /** The room can't be read. */
  refused(): void;
  /** The first listener was added, or the last one removed. */
  watched(window: MessageWindow, isWatched: boolean): void;
  markRead(seq: number): void;
}

/** A part of the log without a gap. */
export interface Range {
  /** The seqs of its messages, ascending. */
  seqs: readonly number[];
  /** Everything from its first message up to this seq is here. */
  upTo: number;
  hasOlder: boolean;
  /** If false, the range is at the live end, and new messages are appended. */
  hasNewer: boolean;
}

/** A page being read, and the events that have arrived since. */
interface Loading {
  since: RoomEvent[];
}

/** The largest page that the protocol allows, for reading again what is shown. */
const LARGEST_PAGE = 200;

const nothing: Range = { seqs: [], upTo: 0, hasOlder: false, hasNewer: false };

/**
 * A list of messages: a part of the room's log without gaps, around the place where it was opened. The messages themselves
 * are in the room's store, shared with other windows. At the live end the window takes in new messages; elsewhere it only
 * knows that there are newer ones.
 */
export class MessageWindow implements MessageList {
  /** Where it was opened. */
  readonly #opened: Place;
  readonly #context: WindowContext;
  readonly #backOff = new BackOff();
  readonly #state: Derived<MessageListState>;
  /** Where it is loaded: elsewhere, once its newest messages were dropped. */
  #place: Place;
  #status: MessageListState['status'] = 'loading';
  #range = nothing;
  #error: ErrorObject | undefined;
  #loading: Loading | undefined;
  #loadingOlder: Loading | undefined;
  #loadingNewer: Loading | undefined;
  /** Nothing is loaded yet, or events were skipped: those to come wait for the next page. */
  #needsPage = true;
  #isWanted = false;

  constructor(place: Place, context: WindowContext) {
    this.#opened = place;
    this.#place = place;
    this.#context = context;
    this.#state = new Derived((before) => this.#compute(before), {
      began: () => context.watched(this, true),
      ended: () => context.watched(this, false),
    });
  }

  readonly get = (): MessageListState => this.#state.get();

  readonly subscribe = (listener: () => void): (() => void) => this.#state.subscribe(listener);

  get isWatched(): boolean {
    return this.#state.isWatched;
  }

  /** What is loaded; undefined if it may be out of date. */
  get range(): Range | undefined {
    return this.#status === 'ready' && !this.#needsPage ? this.#range : undefined;
  }

  /** Shows what was kept. Without its end it is loaded again once that is possible. */
  restore(range: Range): void {
    this.#status = 'ready';
    this.#range = range;
    this.#needsPage = range.hasNewer;
    this.#changed();
  }

  get seqs(): readonly number[] {
    return this.#range.seqs;
  }

  get status(): MessageListState['status'] {
    return this.#status;
  }

  async loadOlder(): Promise<void> {
    const oldest = this.#range.seqs[0];
    if (this.#loadingOlder || this.#loading || !this.#range.hasOlder || oldest === undefined) return;
    const loading: Loading = { since: [] };
    this.#loadingOlder = loading;
    this.#changed();
    try {
      const page = await this.#list({ before: oldest, limit: PAGE_MESSAGES });
      if (this.#loadingOlder !== loading) return;
      const older = seqsOf(page).filter((seq) => seq < oldest);
      this.#take([page], { ...this.#range, seqs: [...older, ...this.#range.seqs], hasOlder: page.more }, loading);
    } finally {
      if (this.#loadingOlder === loading) this.#loadingOlder = undefined;
      this.#changed();
    }
  }

  async loadNewer(): Promise<void> {
    const { upTo, hasNewer } = this.#range;
    if (this.#loadingNewer || this.#loading || this.#needsPage || !hasNewer) return;
    const loading: Loading = { since: [] };
    this.#loadingNewer = loading;
    this.#changed();
    try {
      const page = await this.#list({ after: upTo, limit: PAGE_MESSAGES });
      if (this.#loadingNewer !== loading) return;
      const newer = seqsOf(page).filter((seq) => seq > upTo);
      const seqs = [...this.#range.seqs, ...newer];
      this.#take([page], { ...this.#range, seqs, ...endOf(page, seqs, page.more) }, loading);
    } finally {
      if (this.#loadingNewer === loading) this.#loadingNewer = undefined;
      this.#changed();
    }
  }

  markRead(seq = Infinity): void {
    if (this.#status === 'ready') this.#context.markRead(Math.min(seq, this.#range.upTo));
  }

  /** Whether the first message after a seq is in the window. */
  reaches(seq: number): boolean {
    const { seqs, hasOlder, hasNewer, upTo } = this.#range;
    if (this.#status !== 'ready' || this.#needsPage) return false;
    return (!hasOlder || (seqs[0] ?? Infinity) <= seq) && (!hasNewer || seq < upTo);
  }

  /** Loads the window, now or when that is possible. */
  want(): void {
    this.#isWanted = true;
    this.#loadIfNeeded();
  }

  /** The connection is up again. */
  online(): void {
    this.#backOff.reset();
    this.#loadIfNeeded();
  }

  /** Takes the room's next event. The store has applied it already. */
  apply(event: RoomEvent): void {
    for (const loading of [this.#loading, this.#loadingOlder, this.#loadingNewer]) loading?.since.push(event);
    if (!this.#needsPage) this.#follow(event);
  }

  /** Adds a message from an acknowledgement, which may come before its event and before events with a lower seq. */
  confirm(message: Message): void {
    const { hasNewer, upTo, seqs } = this.#range;
    // The answer to a repeated send may be about a message further back than those here.
    if (this.#status === 'gone' || hasNewer || message.seq <= upTo) return;
    this.#context.store.add(message);
    this.#range = { ...this.#range, seqs: inserted(seqs, message.seq) };
    this.#changed();
  }

  keep(from: number, to = Infinity): void {
    if (this.#needsPage || this.#loading || this.#loadingOlder || this.#loadingNewer) return;
    const { seqs, ...range } = this.#range;
    const kept = seqs.filter((seq) => seq >= from && seq <= to);
    const [first, last] = [kept[0], kept.at(-1)];
    if (kept.length === seqs.length || first === undefined || last === undefined) return;
    this.#range = { ...range, seqs: kept, hasOlder: range.hasOlder || first !== seqs[0] };
    if (last !== seqs.at(-1)) {
      this.#range = { ...this.#range, upTo: last, hasNewer: true };
      this.#place = { around: last };
    }
    this.#context.released();
    this.#changed();
  }

  /** Keeps only the newest, if it is at the end of the room. */
  keepNewest(count: number): void {
    const { seqs, hasNewer } = this.#range;
    if (!hasNewer && seqs.length > count) this.keep(seqs.at(-count)!);
  }

  /** Shows the end of the room again, if that was dropped. */
  toEnd(): void {
    if (this.#place === this.#opened || !this.#range.hasNewer) return;
    this.forget('loading');
    this.#loadIfNeeded();
  }

  /**
   * Events were skipped. The list at the end reads the newest page. Others read what they show again; the skipped messages
   * count as newer. Until then, what is shown stays.
   */
  reload(): void {
    this.#needsPage = true;
    if (this.#place !== 'end' && this.#status === 'ready') {
      const { seqs, upTo } = this.#range;
      // An acknowledged message whose event had not come is behind the gap now.
      this.#range = { ...this.#range, seqs: seqs.filter((seq) => seq <= upTo), hasNewer: true };
      this.#context.released();
    }
    // A page being read may be from before the skipped events.
    this.#loading = undefined;
    this.#loadingNewer = undefined;
    this.#loadIfNeeded();
    this.#changed();
  }

  /** Messages up to a seq are no longer kept. */
  cut(logStart: number): void {
    const { seqs, upTo } = this.#range;
    if ((seqs[0] ?? Infinity) > logStart) return;
    const kept = seqs.filter((seq) => seq > logStart);
    this.#range = { ...this.#range, seqs: kept, upTo: Math.max(upTo, logStart), hasOlder: false };
    this.#context.released();
    this.#changed();
  }

  /** Forgets everything. */
  forget(status: 'loading' | 'gone'): void {
    this.#status = status;
    this.#place = this.#opened;
    this.#range = nothing;
    this.#error = undefined;
    this.#needsPage = true;
    this.#loading = undefined;
    this.#loadingOlder = undefined;
    this.#loadingNewer = undefined;
    this.#context.released();
    this.#changed();
  }

  /** Forgets everything until the window is wanted again. */
  rest(): void {
    this.#isWanted = false;
    if (this.#status !== 'gone') this.forget('loading');
  }

  /** The store, the outbox, the user or their rights have changed. */
  refresh(): void {
    this.#state.invalidate();
  }

  #changed(): void {
    this.#state.invalidate();
    this.#context.changed();
  }

  #list(input: Omit<CommandInput<'message.list'>, 'room'>): Promise<MessagePage> {
    return this.#context.call('message.list', { room: this.#context.room, ...input });
  }

  #loadIfNeeded(): void {
    if (!this.#isWanted || !this.#needsPage || this.#status === 'gone' || !this.#context.isOnline()) return;
    void this.#load();
  }

  async #load(): Promise<void> {
    if (this.#loading) return;
    const loading: Loading = { since: [] };
    this.#loading = loading;
    this.#loadingOlder = undefined;
    this.#loadingNewer = undefined;
    try {
      const isShowing = this.#place !== 'end' && this.#range.seqs.length > 0;
      const { pages, range } = isShowing ? await this.#readAgain() : await this.#readFirst();
      if (this.#loading !== loading) return;
      this.#loading = undefined;
      this.#error = undefined;
      this.#status = 'ready';
      this.#needsPage = false;
      this.#take(pages, range, loading);
      this.#context.released();
    } catch (error) {
      if (this.#loading === loading) this.#loadFailed(error);
    }
  }

  /** The page at the window's place. */
  async #readFirst(): Promise<{ pages: MessagePage[]; range: Range }> {
    const around = this.#around();
    const page = await this.#list({ limit: PAGE_MESSAGES, ...(around !== undefined && { around }) });
    const seqs = seqsOf(page);
    const end = endOf(page, seqs, page.newer === true);
    // Messages acknowledged while the page was read, which may not have it.
    const confirmed = end.hasNewer ? [] : this.#range.seqs.filter((seq) => seq > page.head);
    return { pages: [page], range: { seqs: [...seqs, ...confirmed], hasOlder: page.more, ...end } };
  }

  #around(): number | undefined {
    if (this.#place === 'end') return undefined;
    return this.#place === 'unread' ? this.#context.unreadAfter() : this.#place.around;
  }

  /** Everything from its first to its last message, once more. */
  async #readAgain(): Promise<{ pages: MessagePage[]; range: Range }> {
    const { seqs, hasOlder, upTo } = this.#range;
    const pages: MessagePage[] = [];
    let after = seqs[0]! - 1;
    for (;;) {
      // oxlint-disable-next-line no-await-in-loop -- each page begins where the one before ended
      const page = await this.#list({ after, before: upTo + 1, limit: LARGEST_PAGE });
      pages.push(page);
      const last = page.messages.at(-1);
      if (!page.more || !last) break;
      after = last.seq;
    }
    return { pages, range: { seqs: pages.flatMap(seqsOf), upTo, hasOlder, hasNewer: true } };
  }

  #loadFailed(thrown: unknown): void {
    const error = errorFrom(thrown);
    this.#loading = undefined;
    if (!mayRetry(error)) return this.#context.refused();
    if (!this.#context.isOnline()) return;
    this.#error = error.toJSON();
    this.#changed();
    const waitMs = error.retryAfter === undefined ? this.#backOff.next() : error.retryAfter * 1000;
    this.#context.timers.after(waitMs, () => this.#loadIfNeeded());
  }

  /** Takes pages, the range that they make of the window, and the events that arrived while they were read. */
  #take(pages: readonly MessagePage[], range: Range, { since }: Loading): void {
    for (const page of pages) this.#context.store.put(page);
    this.#range = range;
    for (const event of since) {
      this.#context.store.change(event);
      this.#follow(event);
    }
    for (const page of pages) this.#context.read(page);
    this.#changed();
  }

  /** Moves along with the live end. */
  #follow(event: RoomEvent): void {
    const { seqs, upTo, hasNewer } = this.#range;
    if (hasNewer || event.seq <= upTo) return;
    const isMessage = event.type === 'message.created';
    if (isMessage) this.#context.store.add(event.message);
    this.#range = { ...this.#range, upTo: event.seq, ...(isMessage && { seqs: inserted(seqs, event.seq) }) };
  }

  #compute(before: MessageListState | undefined): MessageListState {
    const { seqs, hasOlder, hasNewer } = this.#range;
    return sameFields(before, {
      status: this.#status,
      ...(this.#error && { error: this.#error }),
      messages: sameList(before?.messages, this.#context.show(seqs, !hasNewer)),
      hasOlder,
      hasNewer,
      isCut: this.#status === 'ready' && this.#context.logStart() > 0,
      loadingOlder: this.#loadingOlder !== undefined,
      loadingNewer: this.#loadingNewer !== undefined,
    });
  }
}

function seqsOf(page: MessagePage): number[] {
  return page.messages.map(({ seq }) => seq);
}

/** The end of a window whose last messages are a page's. */
function endOf(page: MessagePage, seqs: readonly number[], hasNewer: boolean): Pick<Range, 'upTo' | 'hasNewer'> {
  const last = seqs.at(-1) ?? 0;
  return { hasNewer, upTo: hasNewer ? last : Math.max(last, page.head) };
}

/** Inserts a seq in its place. */
function inserted(seqs: readonly number[], seq: number): readonly number[] {
  const before = seqs.findLastIndex((each) => each <= seq);
  return seqs[before] === seq ? seqs : seqs.toSpliced(before + 1, 0, seq);
}
