import { join } from 'node:path';
import { type ServerProcess, startServer } from '../lib/children.ts';
import { sleep } from '../lib/drive.ts';
import { madangArgs, removeFolder, workFolder } from '../lib/workspace.ts';
import { startPostgres, type TestPostgres } from '../../tests/support/postgres.ts';
import { startRedis, type TestRedis } from '../../tests/support/redis.ts';

/** Every core: nodes, PostgreSQL and Redis run wherever the kernel puts them, since CPU is measured, not speed. */
const CORES = '0-1023';

/** Two heartbeats, so that each node has heard from the others, in ms. */
const MEETING_MS = 1200;

/** A workspace that starts without nodes, with its own PostgreSQL and Redis. */
export interface Cluster extends AsyncDisposable {
  readonly postgres: TestPostgres;
  readonly redis: TestRedis;
  readonly database: string;
  readonly nodes: ServerProcess[];
  /** Starts nodes until there are `count`. */
  grow(count: number): Promise<void>;
  /** Stops all nodes, and starts `count` new ones. */
  renew(count: number): Promise<void>;
  /** Lets PostgreSQL clean up after earlier work, which would otherwise count in later measurements. */
  tidy(): Promise<void>;
  /** Starts one more node, not part of `nodes`, that reaches PostgreSQL and Redis at other addresses. */
  startAside(database: string, bus: string): Promise<ServerProcess>;
}

/** Starts PostgreSQL and Redis with their defaults, except that PostgreSQL counts statements. */
export async function startCluster(): Promise<Cluster> {
  const folder = workFolder();
  const postgres = await startPostgres(['shared_preload_libraries=pg_stat_statements', 'track_wal_io_timing=on']);
  const redis = await startRedis();
  const database = await postgres.newDatabase();
  await postgres.sql(database, 'CREATE EXTENSION pg_stat_statements');
  const nodes: ServerProcess[] = [];
  const grow = async (count: number): Promise<void> => {
    while (nodes.length < count) nodes.push(await start(database, redis.url));
    await sleep(MEETING_MS);
  };
  const aside: ServerProcess[] = [];
  const start = (to: string, bus: string): Promise<ServerProcess> => {
    const data = join(folder, `node-${nodes.length}-${aside.length}`);
    return startServer({ args: [...madangArgs(data), '--database', to, '--bus', bus] }, CORES);
  };
  return {
    postgres,
    redis,
    database,
    nodes,
    grow,
    renew: async (count) => {
      await Promise.all(nodes.splice(0).map((node) => node.stop()));
      await grow(count);
    },
    tidy: async () => {
      await postgres.sql(database, 'VACUUM ANALYZE');
      await postgres.sql(database, 'CHECKPOINT');
    },
    startAside: async (to, bus) => {
      const node = await start(to, bus);
      aside.push(node);
      await sleep(MEETING_MS);
      return node;
    },
    [Symbol.asyncDispose]: async () => {
      await Promise.all([...nodes, ...aside].map((node) => node.stop()));
      await redis[Symbol.asyncDispose]();
      await postgres[Symbol.asyncDispose]();
      removeFolder(folder);
    },
  };
}
