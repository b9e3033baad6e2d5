import type { EventName, MemberRole, RoomKind, UserRef } from '@madang/protocol';
import type { Kysely } from 'kysely';
import type { Clock } from '../clock.js';
import type { Change } from './changes.js';
import type { EventRecord, Schema } from './schema.js';

/**
 * What keeps everything: SQLite for one machine, PostgreSQL for several nodes, behind the same rules.
 *
 * - S1 What `commit` answered is on disk: a crash or a power cut right after loses nothing of it.
 * - S2 A room's events have seq 1, 2, 3 … in commit order, without a gap.
 * - S3 An append whose first change changes nothing (a message with a known clientId, a second join) appends nothing.
 * - S4 An append is whole or not at all; one that fails harms no other of its batch.
 * - S5 An append with `guard` is refused unless that user is a member of the room at that place in the log.
 * - S6 A read that starts after `commit` answered sees it.
 * - S7 When the engine can't commit, `commit` fails with `unavailable`, and nothing of that append is there; unless the
 *   connection broke while PostgreSQL was committing: then it may be there, whole, and a repeat answers unchanged.
 * - S8 A message has one text, that of now: `events` answers with it wherever the message was made or edited, and no table
 *   holds an earlier one, nor any of a deleted message.
 * - S9 A room's log start never goes back, nor does its head. What is up to the log start counts as gone from the moment at which
 *   it was raised; what is above it is untouched.
 */
export interface Store {
  /** The name of this database's unbroken history. On PostgreSQL it can become another one: {@link Store.onNewEpoch}. */
  readonly epoch: string;
  /** Names the database itself: nodes that share it find each other by that, whatever becomes of the epoch. */
  readonly place: string;
  /** The time that counts: this machine's, or the one of the database that nodes share. */
  readonly clock: Clock;
  /** Why nothing can be stored, in words for an operator; undefined when the last commit, or check, worked. */
  readonly trouble: string | undefined;
  /** What an operator should look after while all still works. */
  readonly notice: string | undefined;
  /** For queries. Never written through, but by the queries of {@link Store.write}'s owners. */
  readonly read: Kysely<Schema>;
  /** For tables that are no room's log (users, sessions, names, reads); each statement commits by itself. */
  readonly write: Kysely<Schema>;
  /** Appends to room logs: all in one transaction, in this order. */
  commit(batch: readonly Append[]): Promise<AppendResult[]>;
  /** A room and what a user is in it, or undefined when there is no such room. On the hot path. */
  access(room: string, user: string): Promise<RoomAccess | undefined>;
  /** Events of a room after a seq, oldest first. On the hot path. */
  events(room: string, after: number, limit: number): Promise<EventRecord[]>;
  /** Says whether one of the two of a direct room blocks the other. */
  setBlocked(room: string, blocked: boolean): Promise<void>;
  /** Says that a room is kept from after this seq on only. It removes nothing by itself. */
  raiseLogStart(room: string, seq: number): Promise<void>;
  /** Runs work of which one node at a time may do such; answers false, without running it, while another does. */
  alone(work: (months: LogMonths) => Promise<void>): Promise<boolean>;
  /** An event by another node was delivered here: a database that lacks it is not this one's continuation. */
  saw(event: { room: string; seq: number; at: number; actor: string }): void;
  /**
   * Hears that a new epoch has begun, or that a database is back that was taken away: what was read or delivered so far may be
   * of a history that is gone, or not all that there is.
   */
  onNewEpoch(listener: () => void): void;
  /** Whether the engine can commit: commits something as large as a message. Throws what is wrong. */
  check(): Promise<void>;
  close(): Promise<void>;
}

/** The parts of the log that can be dropped as a whole. SQLite has none. */
export interface LogMonths {
  /** When the newest of the months ended that were over before a moment; undefined when there is none. */
  newestEnd(before: number): Promise<number | undefined>;
  /** Drops the months that ended before a moment, or at it. False when those who use the log did not let it just now. */
  drop(before: number): Promise<boolean>;
}

/** Events for one room's log that belong together. */
export interface Append {
  room: string;
  actor: UserRef;
  at: number;
  events: NewEvent[];
  /** Only if this user is a member when it commits. */
  guard?: string | undefined;
}

/** Whether an append makes its room. Any other needs the room to be there, or fails. */
export function createsRoom(append: { events: readonly Pick<NewEvent, 'changes'>[] }): boolean {
  return append.events[0]?.changes[0]?.kind === 'insertRoom';
}

/** Whether an append is one plain message: nearly all are, and engines have a short way for them. */
export function isPlainMessage(append: Append): boolean {
  const [event, ...others] = append.events;
  return others.length === 0 && event?.messageSeq === undefined && event?.changes.length === 1
    ? event.changes[0]?.kind === 'insertMessage'
    : false;
}

/** An event before it has its place. */
export interface NewEvent {
  name: EventName;
  /** What the log keeps of it. */
  payload: Record<string, unknown>;
  /** The text that an edit gives its message. It's kept there alone, so that an edit costs the same however many came before. */
  text?: string;
  /** The message that it is about, unless the event makes it. */
  messageSeq?: number;
  changes: Change[];
}

/** What became of an append. */
export type AppendResult =
  /** The seq of each of its events; 0 for one that changed nothing. */
  | { status: 'appended'; seqs: number[] }
  | { status: 'unchanged' }
  | { status: 'refused' }
  | { status: 'failed'; reason: string };

/** A room as permission questions need it. */
export interface RoomAccess {
  room: string;
  kind: RoomKind;
  head: number;
  /** Up to where the room's log is no longer kept. */
  logStart: number;
  /** 1 while one of the two of a direct room blocks the other. */
  blocked: number;
  role: MemberRole | null;
}
