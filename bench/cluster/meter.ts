import { Client } from 'pg';
import { familyCpuMs } from '../lib/cpu.ts';
import type { Cluster } from './cluster.ts';
import { type RedisCounts, redisCounts } from './redis-info.ts';

/** PostgreSQL's work on one kind of statement. */
export interface StatementUse {
  text: string;
  calls: number;
  /** Time inside PostgreSQL, including waits for locks and the disk. */
  ms: number;
}

/** What the parts of a cluster have used. */
export interface Usage {
  seconds: number;
  /** CPU of each node, of PostgreSQL with all backends, and of Redis, in ms. */
  nodesMs: number[];
  postgresMs: number;
  redisMs: number;
  bus: RedisCounts;
  walBytes: number;
  /** Every kind of statement, most frequent first. */
  statements: StatementUse[];
}

/** Measures a cluster. */
export class Meter implements AsyncDisposable {
  readonly #cluster: Cluster;
  readonly #client: Client;

  private constructor(cluster: Cluster, client: Client) {
    this.#cluster = cluster;
    this.#client = client;
  }

  static async open(cluster: Cluster): Promise<Meter> {
    const client = new Client({ connectionString: cluster.database });
    await client.connect();
    return new Meter(cluster, client);
  }

  /** Resolves to what is used while `happening` runs. */
  async during(happening: () => Promise<unknown>): Promise<Usage> {
    const before = await this.#take('before');
    await happening();
    const after = await this.#take('after');
    const known = new Map(before.statements.map((statement) => [statement.text, statement]));
    return {
      seconds: (after.at - before.at) / 1000,
      nodesMs: after.nodesMs.map((each, index) => each - (before.nodesMs[index] ?? 0)),
      postgresMs: after.postgresMs - before.postgresMs,
      redisMs: after.redisMs - before.redisMs,
      bus: {
        bytesIn: after.bus.bytesIn - before.bus.bytesIn,
        bytesOut: after.bus.bytesOut - before.bus.bytesOut,
        publishes: after.bus.publishes - before.bus.publishes,
        commands: after.bus.commands - before.bus.commands,
      },
      walBytes: after.walBytes - before.walBytes,
      statements: after.statements
        .map(({ text, calls, ms }) => {
          const earlier = known.get(text);
          return { text, calls: calls - (earlier?.calls ?? 0), ms: ms - (earlier?.ms ?? 0) };
        })
        .filter(({ calls, text }) => calls > 0 && !text.includes('pg_stat_statements'))
        .toSorted((a, b) => b.calls - a.calls),
    };
  }

  /** PostgreSQL's version. */
  async version(): Promise<string> {
    const { rows } = await this.#client.query<{ server_version: string }>('SHOW server_version');
    return rows[0]?.server_version ?? '';
  }

  /** The average time of a flush of PostgreSQL's log to disk so far, in ms. */
  async flushMs(): Promise<number> {
    const { rows } = await this.#client.query<{ ms: number | null }>(
      'SELECT wal_sync_time / nullif(wal_sync, 0) AS ms FROM pg_stat_wal',
    );
    return rows[0]?.ms ?? Number.NaN;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#client.end();
  }

  /** The counting itself stays outside the measured time. */
  async #take(when: 'before' | 'after') {
    const cpuFirst = when === 'after' ? this.#cpu() : undefined;
    const bus = await redisCounts(this.#cluster.redis.port);
    const { rows } = await this.#client.query<{ text: string; calls: string; ms: number }>(
      `SELECT query AS text, sum(calls) AS calls, sum(total_exec_time) AS ms FROM pg_stat_statements GROUP BY query`,
    );
    const wal = await this.#client.query<{ bytes: string }>(`SELECT pg_current_wal_insert_lsn() - '0/0' AS bytes`);
    return {
      bus,
      statements: rows.map(({ text, calls, ms }) => ({ text, calls: Number(calls), ms })),
      walBytes: Number(wal.rows[0]?.bytes),
      ...(cpuFirst ?? this.#cpu()),
    };
  }

  #cpu() {
    const { nodes, postgres, redis } = this.#cluster;
    return {
      nodesMs: nodes.map(({ pid }) => familyCpuMs(pid)),
      postgresMs: familyCpuMs(postgres.pid()),
      redisMs: familyCpuMs(redis.pid()),
      at: performance.now(),
    };
  }
}

/** How often statements that match were run. */
export function callsOf(usage: Usage, words?: RegExp): number {
  return picked(usage, words).reduce((total, { calls }) => total + calls, 0);
}

/** How long PostgreSQL spent on statements that match, in ms. */
export function msOf(usage: Usage, words: RegExp): number {
  return picked(usage, words).reduce((total, { ms }) => total + ms, 0);
}

function picked({ statements }: Usage, words = /./): StatementUse[] {
  return statements.filter(({ text }) => words.test(text));
}

/** The sum of an array. */
export function sum(values: readonly number[]): number {
  return values.reduce((total, each) => total + each, 0);
}
