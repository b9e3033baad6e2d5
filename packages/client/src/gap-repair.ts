import { type CommandOutput, type LoggedEvent, MadangError, type Room } from '@madang/protocol';
import { BackOff, type BackOffOptions } from './back-off.js';
import type { Call } from './connection.js';
import { Cursor, type Cursors } from './cursors.js';
import { errorFrom, mayRetry, unavailable } from './errors.js';
import { Timers } from './timers.js';

/** How long a gap may stay open before the log is read, in ms: an acknowledgement may overtake earlier events. */
const GRACE_MS = 150;

/** Beyond this many missed events in a room, its newest page is shown rather than everything missed. */
const FAR_BEHIND = 1000;

/** Rooms in one `sync`, and events in one page of `log.read`: the most that the protocol allows. */
const SYNC_ROOMS = 500;
const PAGE_EVENTS = 200;

type SyncedRoom = CommandOutput<'sync'>['rooms'][string];

/** Receives the events. */
export interface EventSink {
  call: Call;
  /** The next event in order. */
  apply(event: LoggedEvent): void;
  /**
   * Too much was missed in a room to show all of it, or some is no longer kept. Returns `true` if the events in between
   * are wanted nevertheless.
   */
  farBehind(room: string): boolean;
  /** The room has another history: everything held of it is void. Events continue after this seq. */
  reset(room: string, after: number): void;
  /** Events up to this seq were missed and are no longer kept. */
  cut(room: string, after: number): void;
  /** The room can't be read, or can no longer be read. */
  gone(room: string): void;
}

interface RoomLine {
  cursor: Cursor;
  repair: { status: 'none' } | { status: 'reading' } | { status: 'waiting'; cancel(): void };
  /** The sink was told that it is far behind, and has not caught up yet. */
  isFarBehind: boolean;
  backOff: BackOff;
}

/**
 * Delivers each room's events to the sink in seq order, each once, whatever the wire does: drops repeats, holds early
 * ones, and reads missing ones from the log. An event goes through `receive` → the room's cursor → `apply`. If the
 * cursor shows a gap, `log.read` feeds the same cursor until it is closed.
 */
export class GapRepair {
  readonly #sink: EventSink;
  readonly #backOff: BackOffOptions;
  readonly #timers = new Timers();
  readonly #rooms = new Map<string, RoomLine>();
  #epoch: string | undefined;
  #isPaused = true;
  #syncs = 0;

  constructor(sink: EventSink, backOff: BackOffOptions = {}) {
    this.#sink = sink;
    this.#backOff = backOff;
  }

  has(room: string): boolean {
    return this.#rooms.has(room);
  }

  /** All of a room's events up to this seq have been applied; undefined if it is not followed. */
  applied(room: string): number | undefined {
    return this.#rooms.get(room)?.cursor.applied;
  }

  /** The followed rooms. */
  rooms(): string[] {
    return [...this.#rooms.keys()];
  }

  /** Continues where another client was. To be called before the first {@link sync}. */
  resume({ epoch, rooms }: Cursors): void {
    this.#epoch = epoch;
    for (const [room, seq] of Object.entries(rooms)) this.follow(room, seq);
  }

  /** How far each room's events have been applied; undefined before the first {@link sync}. */
  cursors(): Cursors | undefined {
    if (this.#epoch === undefined) return undefined;
    const rooms = Array.from(this.#rooms, ([room, { cursor }]) => [room, cursor.applied] as const);
    return { epoch: this.#epoch, rooms: Object.fromEntries(rooms) };
  }

  /** Follows a room from a seq on; does nothing if it is already followed. */
  follow(room: string, applied: number): void {
    if (this.#rooms.has(room)) return;
    this.#rooms.set(room, {
      cursor: new Cursor(applied),
      repair: { status: 'none' },
      isFarBehind: false,
      backOff: new BackOff(this.#backOff),
    });
  }

  /** Stops following a room. */
  unfollow(room: string): void {
    this.#rooms.delete(room);
  }

  /** Forgets every room, for example when somebody else signs in. */
  clear(): void {
    this.#rooms.clear();
    this.#epoch = undefined;
  }

  /** Takes an event of a followed room, from any source, in any order. */
  receive(event: LoggedEvent): void {
    const line = this.#rooms.get(event.room);
    if (!line) return;
    line.cursor.offer(event);
    this.#drain(event.room, line);
    this.#repairIfBehind(event.room, line, GRACE_MS);
  }

  /** A room's log reaches this seq. Reads at once what is missing. */
  note(room: string, head: number): void {
    const line = this.#rooms.get(room);
    if (!line) return;
    line.cursor.note(head);
    this.#repairIfBehind(room, line, 0);
  }

  /** The connection is gone: nothing is read until the next {@link sync}. */
  pause(): void {
    this.#isPaused = true;
    this.#syncs += 1;
    for (const line of this.#rooms.values()) stopWaiting(line);
  }

  /**
   * After connecting: fetches what was missed in the caller's rooms, and stops following others. A room that is not
   * followed yet begins at its head, or at the caller's join if that was missed too. If it is far behind or of another
   * epoch, see {@link EventSink}.
   */
  async sync(rooms: ReadonlyMap<string, Room>, epoch: string, call: Call): Promise<void> {
    this.#syncs += 1;
    const sync = this.#syncs;
    const goesOn = this.#epoch === epoch;
    for (const room of this.#rooms.keys()) if (!rooms.has(room)) this.unfollow(room);
    this.#changeEpoch(rooms, epoch);
    const missing: string[] = [];
    for (const [room, { head, joined }] of rooms) {
      this.follow(room, goesOn && joined !== undefined ? joined - 1 : head);
      const line = this.#rooms.get(room)!;
      line.cursor.note(head);
      this.#jumpIfFar(room, line);
      // A cursor past the head belongs to another history: the server's answer says so.
      const isAhead = line.cursor.applied > head;
      if (isAhead || (line.cursor.behind > 0 && !line.isFarBehind)) missing.push(room);
    }
    for (let start = 0; start < missing.length; start += SYNC_ROOMS) {
      // oxlint-disable-next-line no-await-in-loop -- more than 500 rooms: one after another spares the server
      await this.#syncSome(missing.slice(start, start + SYNC_ROOMS), call);
    }
    if (sync !== this.#syncs) return;
    this.#isPaused = false;
    for (const [room, line] of this.#rooms) this.#repairIfBehind(room, line, 0);
  }

  /** Stops all repairs. May be called twice. */
  close(): void {
    this.#isPaused = true;
    this.#timers.close();
  }

  #changeEpoch(rooms: ReadonlyMap<string, Room>, epoch: string): void {
    const isOther = this.#epoch !== undefined && this.#epoch !== epoch;
    this.#epoch = epoch;
    if (!isOther) return;
    const known = [...this.#rooms.keys()];
    this.#rooms.clear();
    for (const room of known) {
      const { head } = rooms.get(room)!;
      this.follow(room, head);
      this.#sink.reset(room, head);
    }
  }

  async #syncSome(rooms: string[], call: Call): Promise<void> {
    const cursors = Object.fromEntries(rooms.map((room) => [room, this.#rooms.get(room)?.cursor.applied ?? 0]));
    try {
      const answer = await call('sync', { cursors, epoch: this.#epoch! });
      for (const [room, synced] of Object.entries(answer.rooms)) this.#takePage(room, synced, answer.epoch);
    } catch (error) {
      // Each room that is behind is then read on its own, with its own back-off.
      if (!(error instanceof MadangError)) throw error;
    }
  }

  #takePage(room: string, page: SyncedRoom | CommandOutput<'log.read'>, epoch: string): void {
    const line = this.#rooms.get(room);
    if (!line) return;
    if ('error' in page) return this.#lose(room);
    if (page.reset) {
      if (epoch === this.#epoch && line.cursor.applied < (page.logStart ?? 0)) return this.#passCut(room, line, page);
      line.cursor = new Cursor(page.head);
      return this.#sink.reset(room, page.head);
    }
    for (const event of page.events) {
      line.cursor.offer(event as LoggedEvent);
      this.#drain(room, line);
    }
    line.cursor.note(page.head);
  }

  /**
   * Some of what was missed is too old to be kept. Handled as if too much had been missed, except that the rest can be
   * read.
   */
  #passCut(
    room: string,
    { cursor }: RoomLine,
    { head, logStart = 0 }: { head: number; logStart?: number | undefined },
  ): void {
    cursor.note(head);
    cursor.skipTo(this.#sink.farBehind(room) ? logStart : cursor.known);
    this.#sink.cut(room, cursor.applied);
  }

  #drain(room: string, line: RoomLine): void {
    for (;;) {
      // Applying events may have left the room, or closed this.
      if (this.#rooms.get(room) !== line) return;
      const event = line.cursor.next();
      if (!event) return;
      this.#sink.apply(event);
    }
  }

  #repairIfBehind(room: string, line: RoomLine, waitMs: number): void {
    if (line.cursor.behind === 0) line.isFarBehind = false;
    else if (!this.#isPaused && line.repair.status === 'none') this.#repairAfter(waitMs, room, line);
  }

  #repairAfter(waitMs: number, room: string, line: RoomLine): void {
    line.repair = { status: 'waiting', cancel: this.#timers.after(waitMs, () => void this.#repair(room, line)) };
  }

  async #repair(room: string, line: RoomLine): Promise<void> {
    line.repair = { status: 'reading' };
    while (this.#rooms.get(room) === line && !this.#isPaused) {
      this.#jumpIfFar(room, line);
      if (line.cursor.behind === 0) break;
      try {
        // oxlint-disable-next-line no-await-in-loop -- each page begins where the one before ended
        await this.#readPage(room, line);
        line.backOff.reset();
      } catch (error) {
        return this.#repairFailed(room, line, errorFrom(error));
      }
    }
    line.repair = { status: 'none' };
    this.#repairIfBehind(room, line, 0);
  }

  async #readPage(room: string, line: RoomLine): Promise<void> {
    const { cursor } = line;
    const { applied, known } = cursor;
    const page = await this.#sink.call('log.read', {
      room,
      after: applied,
      limit: PAGE_EVENTS,
      epoch: this.#epoch!,
    });
    if (line.cursor === cursor) this.#takePage(room, page, page.epoch);
    if (line.cursor === cursor && cursor.applied === applied && cursor.known === known) {
      throw unavailable('The log does not reach what was announced');
    }
  }

  #repairFailed(room: string, line: RoomLine, error: MadangError): void {
    line.repair = { status: 'none' };
    if (this.#rooms.get(room) !== line || this.#isPaused) return;
    if (!mayRetry(error)) return this.#lose(room);
    const waitMs = error.retryAfter === undefined ? line.backOff.next() : error.retryAfter * 1000;
    this.#repairAfter(waitMs, room, line);
  }

  #jumpIfFar(room: string, line: RoomLine): void {
    if (line.isFarBehind || line.cursor.behind <= FAR_BEHIND) return;
    line.isFarBehind = this.#sink.farBehind(room);
    if (line.isFarBehind) return;
    line.cursor.skipTo(line.cursor.known);
  }

  #lose(room: string): void {
    this.unfollow(room);
    this.#sink.gone(room);
  }
}

function stopWaiting(line: RoomLine): void {
  if (line.repair.status !== 'waiting') return;
  line.repair.cancel();
  line.repair = { status: 'none' };
}
