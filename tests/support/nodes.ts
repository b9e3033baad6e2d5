import { startNetwork, type TestNetwork } from './network.ts';
import { startPostgres, type TestPostgres } from './postgres.ts';
import { startRedis, type TestRedis } from './redis.ts';
import { startServer, type TestServer } from './start-server.ts';

/** A workspace on several nodes, with its own PostgreSQL and Redis. */
export interface TestNodes extends AsyncDisposable {
  readonly nodes: TestServer[];
  readonly postgres: TestPostgres;
  readonly redis: TestRedis;
  readonly database: string;
  /** The network of the first node, if `networkTo` is given. */
  readonly network: TestNetwork | undefined;
}

/** Options for a test's nodes. */
export interface NodesOptions {
  count?: number;
  flags?: string[];
  /** What the first node reaches through a test network. */
  networkTo?: 'postgres' | 'redis';
  /** Returns the address at which the nodes reach their new database; the plain address if absent. */
  databaseUrl?: (postgres: TestPostgres, url: string) => Promise<string>;
  isCluster?: boolean;
  postgresSettings?: string[];
}

/** Starts two nodes, or the given number. Resolves once they know each other. */
export async function startNodes(options: NodesOptions = {}): Promise<TestNodes> {
  const { count = 2, flags = [], isCluster = false, networkTo } = options;
  const [postgres, redis] = await Promise.all([startPostgres(options.postgresSettings), startRedis({ isCluster })]);
  const straight = await postgres.newDatabase();
  const database = (await options.databaseUrl?.(postgres, straight)) ?? straight;
  const network = networkTo && (await startNetwork((networkTo === 'redis' ? redis : postgres).port));
  const nodes: TestServer[] = [];
  const end = async (): Promise<void> => {
    await Promise.all(nodes.map((node) => node[Symbol.asyncDispose]()));
    await network?.[Symbol.asyncDispose]();
    await redis[Symbol.asyncDispose]();
    await postgres[Symbol.asyncDispose]();
  };
  try {
    const start = (index: number) => {
      const reach = (server: 'postgres' | 'redis', url: string, { port }: { port: number }) =>
        index === 0 && network && networkTo === server ? url.replace(`:${port}`, `:${network.port}`) : url;
      const where = [reach('postgres', database, postgres), reach('redis', redis.url, redis)] as const;
      return startServer({ flags: ['--database', where[0], '--bus', where[1], ...flags] });
    };
    nodes.push(...(await Promise.all(Array.from({ length: count }, (_, index) => start(index)))));
    await Promise.all(nodes.map((node) => busState(node, 'up')));
    // Two heartbeats, so that each node has heard from the others.
    await new Promise((resolve) => setTimeout(resolve, 1100));
  } catch (error) {
    await end();
    throw error;
  }
  return { nodes, postgres, redis, database, network, [Symbol.asyncDispose]: end };
}

/** The answer of `/readyz`. */
export async function readiness(node: TestServer): Promise<Record<string, string>> {
  return (await (await fetch(`${node.url}/readyz`)).json()) as Record<string, string>;
}

/** Resolves to how many ms it took until a node reported this state of its bus. */
export async function busState(node: TestServer, state: 'up' | 'down', timeoutMs = 10_000): Promise<number> {
  const start = performance.now();
  while ((await readiness(node))['bus'] !== state) {
    if (performance.now() - start > timeoutMs) throw new Error(`The bus is not ${state} after ${timeoutMs} ms`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return performance.now() - start;
}
