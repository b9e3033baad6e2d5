import { LRUCache } from 'lru-cache';
import type { Client } from 'pg';
import type { Append, AppendResult } from '../store.js';

/** The most rooms whose newest event is remembered. */
const MAX_ROOMS = 500;

/** Advisory lock of the node that decides whether the database continues its history; an arbitrary number. */
const HISTORY_LOCK = 7_232_310_002;

/** PostgreSQL's account of its own history; null where it has none. */
export interface PostgresHistory {
  /** The cluster's identifier, shared by base backups and standbys. */
  system: string | null;
  /** Changes with every promotion, and with every recovery to a point in time. */
  timeline: string | null;
  /** The database and our tables in it. Restoring a dump creates new ones. */
  database: string;
  tables: string;
}

/** An event that somebody has received. */
export interface SeenEvent {
  room: string;
  seq: number;
  at: number;
  actor: string;
}

/** Reads what it can: an account or a hosting service may not allow all of it. */
export async function readHistory(client: Client): Promise<PostgresHistory> {
  const { rows } = await client.query<{ database: string; tables: string }>(
    `SELECT oid::text AS database, to_regclass('meta')::oid::text AS tables FROM pg_database WHERE datname = current_database()`,
  );
  return {
    system: await oneValue(client, 'SELECT system_identifier::text AS value FROM pg_control_system()'),
    timeline: await oneValue(client, 'SELECT left(pg_walfile_name(pg_current_wal_insert_lsn()), 8) AS value'),
    database: rows[0]?.database ?? '',
    tables: rows[0]?.tables ?? '',
  };
}

/** Lets one node at a time decide whether a new epoch begins: of several that notice, one begins it and the others find it. */
export async function decideAlone<Result>(client: Client, decide: () => Promise<Result>): Promise<Result> {
  await client.query('SELECT pg_advisory_lock($1)', [HISTORY_LOCK]);
  try {
    return await decide();
  } finally {
    // If this fails, the connection is broken, and its end releases the lock.
    await client.query('SELECT pg_advisory_unlock($1)', [HISTORY_LOCK]).catch(() => undefined);
  }
}

/** Names a database for its nodes. */
export function databaseIdOf({ system, database, tables }: PostgresHistory): string {
  return [system, database, tables].filter(Boolean).join('.');
}

/** Why a database can't be the one it claims to be; undefined if it may be. */
export function whyAnother(now: PostgresHistory, written: string | undefined): string | undefined {
  if (written === undefined) return 'it is unknown which server it was on';
  const then = JSON.parse(written) as PostgresHistory;
  if (now.database !== then.database || now.tables !== then.tables) return 'its tables were restored from a copy';
  if (differs(now.system, then.system)) return 'it is on another PostgreSQL';
  return undefined;
}

/** Whether another server has taken over, or the same one has continued from an earlier point. */
export function hasNewTimeline(now: PostgresHistory, written: string | undefined): boolean {
  return written !== undefined && differs(now.timeline, (JSON.parse(written) as PostgresHistory).timeline);
}

function differs(now: string | null, then: string | null): boolean {
  return now !== null && then !== null && now !== then;
}

async function oneValue(client: Client, query: string): Promise<string | null> {
  try {
    const { rows } = await client.query<{ value: string | null }>(query);
    return rows[0]?.value ?? null;
  } catch {
    return null;
  }
}

/**
 * Remembers what this node knows to be committed: each room's newest event acknowledged or delivered here. A standby
 * that took over, or a server that lost its tail, lacks some of them or has others in their place.
 */
export class Witness {
  readonly #newest = new LRUCache<string, SeenEvent>({ max: MAX_ROOMS });
  #position: number;

  /** `position` is the sum of all rooms' heads at the start. */
  constructor(position: number) {
    this.#position = position;
  }

  /** Remembers an event. */
  saw(event: SeenEvent): void {
    if (event.seq > (this.#newest.get(event.room)?.seq ?? 0)) this.#newest.set(event.room, event);
  }

  /** Remembers a commit of this node. */
  sawCommit(batch: readonly Append[], results: readonly AppendResult[]): void {
    for (const [index, { room, at, actor }] of batch.entries()) {
      const result = results[index];
      const seq = result?.status === 'appended' ? Math.max(...result.seqs) : 0;
      if (seq > 0) this.saw({ room, seq, at, actor: actor.id });
    }
  }

  /** Forgets everything: another history has begun. */
  forget(): void {
    this.#newest.clear();
    this.#position = 0;
  }

  /** How many of the remembered events a database lacks, or has others in place of. */
  async missing(client: Client): Promise<number> {
    const { rows } = await client.query<{ lacks: number; position: string }>(
      `SELECT (SELECT COALESCE(sum(head), 0) FROM rooms)::text AS position, (
         SELECT count(*)::int FROM json_to_recordset($1::json) AS seen (room text, seq bigint, at bigint, actor text)
         WHERE NOT EXISTS (SELECT 1 FROM events WHERE room_id = seen.room AND seq = seen.seq AND at = seen.at
             AND actor_id = seen.actor)
           AND NOT EXISTS (SELECT 1 FROM rooms WHERE id = seen.room AND log_start >= seen.seq)
       ) AS lacks`,
      [JSON.stringify([...this.#newest.values()])],
    );
    const { lacks = 0, position = '0' } = rows[0] ?? {};
    return lacks + Math.max(0, this.#position - Number(position));
  }
}
