import type { Room } from '@madang/protocol';
import type { OfflineChanges, OfflineList, OfflineSession, OfflineState, OfflineStore } from './offline-store.js';
import { Timers } from './timers.js';

/** Changes within this time, in ms, are saved as one. */
const SAVE_MS = 1000;

/** A server that has not answered for this long, in ms, counts as out of reach: what is kept is shown. */
const PATIENCE_MS = 3000;

/** A store that takes longer than this, in ms, is not waited for. */
const STORE_MS = 3000;

/** What a client has at the moment. */
export interface OfflineSource {
  rooms(): Iterable<Room>;
  /** A room's messages; undefined if none are loaded. The same object until they change. */
  lists(): Iterable<OfflineList>;
}

/** The copy's options and callbacks. */
export interface OfflineCopyOptions {
  store: OfflineStore;
  source: OfflineSource;
  /** Without the server: continue from this. */
  restore(state: OfflineState): void;
}

/**
 * Keeps what the client would show without a connection, and gives it back when the server can't be reached at the start.
 * As long as the server may still answer, nothing is given back: it might say that somebody else is signed in. Nothing is
 * kept of a user who can't sign out here, such as one of a host app: nobody would tell when to forget it.
 */
export class OfflineCopy {
  readonly #options: OfflineCopyOptions;
  readonly #timers = new Timers();
  readonly #unwatch = new AbortController();
  #loaded: Promise<OfflineState | undefined> | undefined;
  /** The server has said who is signed in, or the copy was given back. */
  #isDecided = false;
  /** Whose changes are saved; undefined if nobody's. */
  #user: string | undefined;
  #rooms = new Map<string, Room>();
  #lists = new Map<string, OfflineList>();
  #closed: Promise<void> | undefined;
  #cancelSave: (() => void) | undefined;
  /** One after another: what is forgotten must not be saved again by an older change. */
  #storing: Promise<unknown> = Promise.resolve();

  constructor(options: OfflineCopyOptions) {
    this.#options = options;
  }

  /** The client begins to connect. */
  start(): void {
    if (this.#loaded) return;
    // Whatever is wrong with the store, there is no copy then.
    this.#loaded = this.#options.store.load().catch(() => undefined);
    this.#timers.after(PATIENCE_MS, () => this.unreachable());
    if (typeof document === 'undefined') return;
    // The page may not come back from the background.
    const leaving = () => document.hidden && this.#saveNow();
    document.addEventListener('visibilitychange', leaving, { signal: this.#unwatch.signal });
  }

  /** The server can't be reached. */
  unreachable(): void {
    void this.#giveBack();
  }

  async #giveBack(): Promise<void> {
    const state = await this.#loaded;
    if (this.#isDecided || !state) return;
    this.#isDecided = true;
    this.#user = state.session.user.id;
    for (const room of state.rooms) this.#rooms.set(room.id, room);
    this.#options.restore(state);
  }

  /** The server has said who is signed in, and which rooms they are in. */
  began(session: OfflineSession, rooms: readonly Room[]): void {
    this.#isDecided = true;
    if (!session.can.signOut) return this.forget();
    this.#user = session.user.id;
    this.#rooms = new Map();
    this.#lists = new Map();
    const ids = rooms.map(({ id }) => id);
    this.#inTurn(() => this.#options.store.begin(session, ids));
    this.changed();
  }

  /** Something has changed. */
  changed(): void {
    if (this.#user === undefined) return;
    this.#cancelSave ??= this.#timers.after(SAVE_MS, () => this.#saveNow());
  }

  /** Nobody is signed in any more. */
  forget(): void {
    this.#isDecided = true;
    this.#stopSaving();
    this.#user = undefined;
    this.#inTurn(() => this.#options.store.clear());
  }

  /** Saves the last changes, and stops. May be called twice. */
  close(): Promise<void> {
    this.#closed ??= this.#end();
    return this.#closed;
  }

  async #end(): Promise<void> {
    this.#isDecided = true;
    this.#unwatch.abort();
    this.#saveNow();
    this.#user = undefined;
    await this.#inTime(this.#storing);
    await this.#inTime(this.#options.store.close());
    this.#timers.close();
  }

  #saveNow(): void {
    this.#stopSaving();
    const user = this.#user;
    if (user === undefined) return;
    const changes = this.#changes();
    if (changes.rooms.length + changes.lists.length + changes.removed.length === 0) return;
    this.#inTurn(() => this.#options.store.save(user, changes));
  }

  #stopSaving(): void {
    this.#cancelSave?.();
    this.#cancelSave = undefined;
  }

  /** What is no longer the object that was saved. */
  #changes(): OfflineChanges {
    const rooms = new Map(Array.from(this.#options.source.rooms(), (room) => [room.id, room]));
    const lists = new Map(Array.from(this.#options.source.lists(), (list) => [list.room, list]));
    const changes = {
      rooms: [...rooms.values()].filter((room) => this.#rooms.get(room.id) !== room),
      lists: [...lists.values()].filter((list) => this.#lists.get(list.room) !== list),
      removed: [...this.#rooms.keys()].filter((id) => !rooms.has(id)),
    };
    this.#rooms = rooms;
    this.#lists = lists;
    return changes;
  }

  #inTurn(act: () => Promise<void>): void {
    this.#storing = this.#storing.then(() => this.#inTime(act()));
  }

  /** A store that fails, or does not answer, keeps nobody waiting. */
  async #inTime(answer: Promise<unknown>): Promise<void> {
    await this.#timers.within(STORE_MS, answer, () => new Error('The store does not answer')).catch(() => {});
  }
}
