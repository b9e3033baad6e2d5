import type { Disposables } from './disposables.ts';
import { startPostgres } from './postgres.ts';
import { startServer, type TestServer } from './start-server.ts';

/** The engines that a test of both runs on. */
export const ENGINES = ['SQLite', 'PostgreSQL'] as const;

/** Starts a server on an engine, with a PostgreSQL of its own if it needs one. Both end with `open`. */
export async function startServerOn(
  engine: (typeof ENGINES)[number],
  open: Disposables,
  flags: readonly string[],
): Promise<TestServer> {
  const cluster = engine === 'PostgreSQL' ? open.use(await startPostgres()) : undefined;
  const env = cluster && { MADANG_DATABASE: await cluster.newDatabase() };
  return open.use(await startServer({ flags: [...flags], ...(env && { env }) }));
}
