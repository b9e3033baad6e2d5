import type { EditedContent, EventName, MemberRole, RoomKind, UserRef } from '@madang/protocol';
import type { CompiledQuery, Kysely } from 'kysely';
import type { Clock } from '../clock.js';
import type { Change } from './changes.js';
import type { PayloadOf } from './payload.js';
import type { EventRecord, Schema } from './schema.js';

/**
 * What keeps everything: SQLite for one machine, PostgreSQL for several nodes, behind the same rules.
 *
 * - S1 Once `commit` has resolved, its events are on disk: a crash or a power cut right after loses none of them.
 * - S2 A room's events have seq 1, 2, 3 … in commit order, without a gap.
 * - S3 An append whose first change changes nothing (a message with a known clientId, a second join) appends nothing.
 * - S4 An append happens completely or not at all; one that fails harms no other of its batch.
 * - S5 An append with `guard` is refused unless that user is a member of the room at that place in the log.
 * - S6 A read that starts after `commit` has resolved sees it.
 * - S7 If the engine can't commit, `commit` fails with `unavailable`, and nothing of that append is stored; unless the
 *   connection broke while PostgreSQL was committing: then all of it may be there, and a repeat answers "unchanged".
 * - S8 A message has only its current content: `events` returns it wherever the message was created or edited, and no
 *   table holds an earlier one. A deleted message has none, and its `message.created` has a `deletedAt`.
 * - S9 Neither a room's log start nor its head ever goes back. Everything up to the log start counts as gone from the
 *   moment it was raised; everything above is untouched.
 */
export interface Store {
  /** The name of this database's unbroken history. On PostgreSQL it can change: {@link Store.onNewEpoch}. */
  readonly epoch: string;
  /** Names the database itself, of whatever epoch. After a backup was restored, PostgreSQL has another one. */
  readonly databaseId: string;
  /** The clock that counts: this machine's, or that of the database that nodes share. */
  readonly clock: Clock;
  /** Why nothing can be stored, in words for an operator; undefined if the last commit, or check, worked. */
  readonly trouble: string | undefined;
  /** Something for an operator to look into while everything still works. */
  readonly notice: string | undefined;
  /** For queries. Writes go through the queries of {@link Store.write}'s owners only. */
  readonly read: Kysely<Schema>;
  /** For tables outside the rooms' logs (users, sessions, names, read marks). Each statement commits on its own. */
  readonly write: Kysely<Schema>;
  /** Appends to room logs: all in one transaction, in this order. */
  commit(batch: readonly Append[]): Promise<AppendResult[]>;
  /** A room and a user's role in it; undefined if there is no such room. On the hot path. */
  access(room: string, user: string): Promise<RoomAccess | undefined>;
  /** Events of a room after a seq, oldest first. On the hot path. */
  events(room: string, after: number, limit: number): Promise<EventRecord[]>;
  /** Records on a direct room whether one of the two blocks the other. */
  setBlocked(room: string, blocked: boolean): Promise<void>;
  /** Sets the seq after which a room's log is kept. Removes nothing itself. */
  raiseLogStart(room: string, seq: number): Promise<void>;
  /**
   * Runs statements as one transaction. Answers false, with nothing done, when one of `guards`, which go first, changes no
   * row. Rejects with `unavailable`, as an append does.
   */
  transact(transaction: Transaction): Promise<boolean>;
  /** Takes a named lease, or keeps it, for some ms from now by the database's clock. False while another holds it. */
  takeLease(lease: Lease, ms: number): Promise<boolean>;
  /** Gives a lease back, if it is held. */
  releaseLease(lease: Lease): Promise<void>;
  /** The parts of the log that can be dropped whole. */
  readonly months: LogMonths;
  /** An event of another node was delivered here: a database that lacks it does not continue this one. */
  saw(event: { room: string; seq: number; at: number; actor: string }): void;
  /**
   * Calls the listener when a new epoch begins, or when a database that was taken away is back: what was read or
   * delivered so far may belong to a lost history, or be incomplete.
   */
  onNewEpoch(listener: () => void): void;
  /** Checks that the engine can commit, by committing something as large as a message. Throws what is wrong. */
  check(): Promise<void>;
  close(): Promise<void>;
}

/** Statements of {@link Store.transact}, as `compile()` gives them. */
export interface Transaction {
  guards: readonly CompiledQuery[];
  work: readonly CompiledQuery[];
}

/** The right to do some work that one process at a time may do. */
export interface Lease {
  /** The name of the work. */
  name: string;
  /** Whose it is: a name of its own for each holding, so that nobody keeps what they have lost. */
  holder: string;
}

/** The parts of the log that can be dropped whole. SQLite has none. */
export interface LogMonths {
  /** The end of the newest month that was over before a moment; undefined if there is none. */
  newestEnd(before: number): Promise<number | undefined>;
  /** Drops the months that ended at or before a moment. Returns false if users of the log did not allow it just now. */
  drop(before: number): Promise<boolean>;
}

/** Events for one room's log that belong together. */
export interface Append {
  room: string;
  actor: UserRef;
  at: number;
  events: NewEvent[];
  /** Only commit if this user is a member by then. */
  guard?: string | undefined;
}

/** Whether an append creates its room. Any other append fails if the room doesn't exist. */
export function createsRoom(append: { events: readonly Pick<NewEvent, 'changes'>[] }): boolean {
  return append.events[0]?.changes[0]?.kind === 'insertRoom';
}

/**
 * Whether an append is one new message: nearly all are, and engines have a fast path for them. Whatever else the message
 * changes follows it there ({@link furtherChanges}).
 */
export function isMessage(append: Append): boolean {
  return append.events.length === 1 && append.events[0]?.changes[0]?.kind === 'insertMessage';
}

/** The changes of a message on the fast path, apart from its own row: nearly always none. */
export function furtherChanges(append: Append): Change[] {
  const changes = append.events[0]?.changes ?? [];
  return changes.length > 1 ? changes.slice(1) : [];
}

/** An event that has no seq yet. */
export type NewEvent = { [Name in EventName]: NewEventOf<Name> }[EventName];

/** An event of one name that has no seq yet. */
export interface NewEventOf<Name extends EventName> {
  name: Name;
  /** What the log keeps of the event. */
  payload: PayloadOf<Name>;
  /**
   * The content that an edit gives its message. It's kept only there, so that an edit costs the same however many came
   * before.
   */
  content?: EditedContent;
  /** The message that the event is about, unless it creates it. */
  messageSeq?: number;
  /** The first decides whether the event happens. */
  changes: Change[];
}

/** The outcome of an append. */
export type AppendResult =
  /** The seq of each of its events; 0 for one that changed nothing. */
  | { status: 'appended'; seqs: number[] }
  | { status: 'unchanged' }
  | { status: 'refused' }
  | { status: 'failed'; reason: string };

/** A room as permission checks need it. */
export interface RoomAccess {
  room: string;
  kind: RoomKind;
  head: number;
  /** The seq up to which the room's log is no longer kept. */
  logStart: number;
  /** 1 if one of the two in a direct room blocks the other. */
  blocked: number;
  role: MemberRole | null;
}
