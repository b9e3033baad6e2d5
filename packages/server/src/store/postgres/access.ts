import type { RoomAccess } from '../store.js';
import type { Statement } from './pipeline.js';
import type { QueryPool } from './pool.js';

/** Questions that are on their way at the same time; those that come meanwhile gather for the next. */
const LANES = 2;

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
 * Answers what users are in rooms, many at once: under load one statement answers all who asked while the one before it
 * was on its way, as commits do. When idle, a lone question goes at once. Answers come in the order of the questions, so
 * that what a client sends without waiting is appended in the order in which it was sent.
 */
export class AccessReader {
  readonly #pool: QueryPool;
  #gathering: Question[] = [];
  #busyLanes = 0;
  /** Resolves when all questions that have gone so far are answered. */
  #answered: Promise<void> = Promise.resolve();

  constructor(pool: QueryPool) {
    this.#pool = pool;
  }

  /** A room and what a user is in it, as it is when this is asked or later. */
  read(room: string, user: string): Promise<RoomAccess | undefined> {
    return new Promise((resolve, reject) => {
      this.#gathering.push({ room, user, resolve, reject });
      if (this.#busyLanes < LANES) void this.#run();
    });
  }

  async #run(): Promise<void> {
    this.#busyLanes += 1;
    // Those who ask in the same turn of the loop go together.
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
    const asked = questions.map(({ room, user }, ord) => ({ ord, room, member: user }));
    try {
      const rows = await this.#pool.query<RoomAccess & { ord: number }>(readAccess, [JSON.stringify(asked)]);
      await earlier;
      const found = new Map(rows.map(({ ord, ...access }) => [ord, access]));
      for (const [ord, question] of questions.entries()) question.resolve(found.get(ord));
    } catch (error) {
      await earlier;
      for (const question of questions) question.reject(error);
    }
  }
}
