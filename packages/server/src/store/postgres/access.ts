import type { RoomAccess } from '../store.js';
import type { Statement } from './pipeline.js';
import type { QueryPool } from './pool.js';

/** Queries in flight at the same time. Requests that arrive meanwhile gather for the next one. */
const LANES = 2;

/**
 * A query that fails after this time, in ms, was not answered at all. What gathered behind it fails too: asking again
 * would take as long once more, and a send must fail within 5 s.
 */
const UNANSWERED_MS = 1000;

const readAccess: Statement = {
  name: 'read-access',
  text: `SELECT asked.ord, found.* FROM json_to_recordset($1::json) AS asked (ord int, room text, member text)
    CROSS JOIN LATERAL (
      SELECT rooms.id AS room, rooms.kind AS kind, rooms.head AS head, rooms.log_start AS "logStart", rooms.blocked AS blocked,
        members.role AS role FROM rooms
      LEFT JOIN members ON members.room_id = rooms.id AND members.user_id = asked.member
      WHERE rooms.id = asked.room LIMIT 1
    ) AS found`,
};

interface Question {
  room: string;
  user: string;
  resolve(access: RoomAccess | undefined): void;
  reject(error: unknown): void;
}

/**
 * Looks up users' access to rooms, many at once. Under load, one statement answers all requests that arrived during the
 * one before it, as with commits; when idle, a lone request goes out at once. Answers come in the order of the
 * requests, so that messages a client sends without waiting are appended in the order they were sent.
 */
export class AccessReader {
  readonly #pool: QueryPool;
  #gathering: Question[] = [];
  #busyLanes = 0;
  /** Resolves when all requests sent so far are answered. */
  #answered: Promise<void> = Promise.resolve();

  constructor(pool: QueryPool) {
    this.#pool = pool;
  }

  /** A room and a user's role in it, as of this call or later. */
  read(room: string, user: string): Promise<RoomAccess | undefined> {
    return new Promise((resolve, reject) => {
      this.#gathering.push({ room, user, resolve, reject });
      if (this.#busyLanes < LANES) void this.#run();
    });
  }

  async #run(): Promise<void> {
    this.#busyLanes += 1;
    // Requests of one turn of the event loop go together.
    await Promise.resolve();
    while (this.#gathering.length > 0) {
      const questions = this.#gathering;
      this.#gathering = [];
      this.#answered = this.#answer(questions, this.#answered);
      await this.#answered;
    }
    this.#busyLanes -= 1;
  }

  async #answer(questions: Question[], earlier: Promise<void>): Promise<void> {
    const start = performance.now();
    const asked = questions.map(({ room, user }, ord) => ({ ord, room, member: user }));
    try {
      const rows = await this.#pool.query<RoomAccess & { ord: number }>(readAccess, [JSON.stringify(asked)]);
      await earlier;
      const found = new Map(rows.map(({ ord, ...access }) => [ord, access]));
      for (const [ord, question] of questions.entries()) question.resolve(found.get(ord));
    } catch (error) {
      await earlier;
      const isUnanswered = performance.now() - start >= UNANSWERED_MS;
      const failed = isUnanswered ? [...questions, ...this.#gathering.splice(0)] : questions;
      for (const question of failed) question.reject(error);
    }
  }
}
