import type { SubjectOptions } from '@madang/verify';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { startNetwork, type TestNetwork } from '../../support/network.ts';
import { startPostgres, type TestPostgres } from '../../support/postgres.ts';
import { startRedis, type TestRedis } from '../../support/redis.ts';
import { createShim, type Shim } from '../faults/shim.ts';

/** One node's own paths to what the nodes share, and its clock. */
export interface NodeWays {
  redis: TestNetwork;
  postgres: TestNetwork;
  /** Undefined where the machine can't preload a library. */
  shim: Shim | undefined;
}

/** What the nodes of a run share. */
export interface Backing extends AsyncDisposable {
  postgres: TestPostgres;
  redis: TestRedis;
  /** The address of the workspace's database, bypassing every node's path. */
  database: string;
  ways: readonly NodeWays[];
  /** The settings of each node. */
  servers: readonly [SubjectOptions, ...SubjectOptions[]];
  /** Restores all networks and clocks. */
  mend(): void;
}

/** How a backing is made. */
export interface BackingOptions {
  folder: string;
  cli: string;
  nodes: number;
  shimLibrary: string | undefined;
}

/** Starts a PostgreSQL and a Redis, with separate paths to them for every node. */
export async function startBacking({ folder, cli, nodes, shimLibrary }: BackingOptions): Promise<Backing> {
  mkdirSync(folder, { recursive: true });
  const [postgres, redis] = await Promise.all([startPostgres(), startRedis()]);
  const database = await postgres.newDatabase();
  const ways: NodeWays[] = [];
  const servers: SubjectOptions[] = [];
  for (let node = 0; node < nodes; node += 1) {
    const data = join(folder, `node-${node}`);
    const shim = shimLibrary === undefined ? undefined : createShim(shimLibrary, `${data}-control`, data);
    const own = { redis: await startNetwork(redis.port), postgres: await startNetwork(postgres.port), shim };
    ways.push(own);
    const address = new URL(database);
    address.port = String(own.postgres.port);
    const flags = ['--database', address.href, '--bus', `redis://127.0.0.1:${own.redis.port}`];
    servers.push({ cli, data, flags, ...(shim && { env: shim.env }) });
  }
  return {
    postgres,
    redis,
    database,
    ways,
    servers: servers as [SubjectOptions, ...SubjectOptions[]],
    mend: () => {
      for (const way of ways) {
        way.redis.thaw();
        way.postgres.thaw();
        way.shim?.mend();
      }
    },
    [Symbol.asyncDispose]: async () => {
      for (const way of ways) {
        await Promise.all([way.redis[Symbol.asyncDispose](), way.postgres[Symbol.asyncDispose]()]);
        way.shim?.close();
      }
      await Promise.all([postgres[Symbol.asyncDispose](), redis[Symbol.asyncDispose]()]);
    },
  };
}
