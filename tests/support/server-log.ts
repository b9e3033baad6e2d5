import { expect } from 'vitest';
import type { TestServer } from './start-server.ts';

/** A word that tests put into texts, names and tokens, and that must not appear in a log. */
export const SECRET = 'sekritmarker';

/** How much of each server's output has been checked. */
const seen = new WeakMap<TestServer, number>();

/** Checks that since the last check the server has logged no unexpected error and nothing that users wrote. */
export function expectCleanLog(server: TestServer): void {
  const output = server.output().slice(seen.get(server) ?? 0);
  seen.set(server, server.output().length);
  expect(output).not.toMatch(/unexpected error|unhandled|uncaught|"level":(50|60)|\n\s+at /i);
  expect(output).not.toContain(SECRET);
}
