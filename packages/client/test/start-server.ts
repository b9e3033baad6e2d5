import { onTestFinished } from 'vitest';
import { startServer as start, type TestServer } from '../../../tests/support/start-server.js';

/** Starts a real server that is stopped at the end of the test. */
export async function startServer(...flags: string[]): Promise<TestServer> {
  const server = await start({ flags });
  onTestFinished(() => server[Symbol.asyncDispose]());
  return server;
}
