import { expect } from 'vitest';
import type { TestServer } from './start-server.ts';

/** A word that tests put into texts, names and tokens: a log must not hold it. */
export const SECRET = 'sekritmarker';

/** How much of a server's output has been looked at. */
const seen = new WeakMap<TestServer, number>();

/** Since the last look, the server has met nothing that it did not expect, and has told nobody's words. */
export function expectCleanLog(server: TestServer): void {
  const output = server.output().slice(seen.get(server) ?? 0);
  seen.set(server, server.output().length);
  expect(output).not.toMatch(/unexpected error|unhandled|uncaught|"level":(50|60)|\n\s+at /i);
  expect(output).not.toContain(SECRET);
}
