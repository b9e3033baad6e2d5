import { run, type RunOptions, type RunResult } from '@madang/verify';
import Database from 'better-sqlite3';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createShim, type Shim } from './faults/shim.ts';

/** The program as it is built. */
export const builtCli = fileURLToPath(new URL('../../packages/server/bundle/cli.js', import.meta.url));

/** A run of the built program, or of another one, on a disk and a clock that fail on demand. */
export interface BuiltRunOptions extends Omit<RunOptions, 'servers' | 'disturb'> {
  cli?: string;
  /** A disk and a clock that fail on demand; see `compileShim`. */
  shimLibrary: string;
  disturb(shim: Shim): RunOptions['disturb'];
}

/**
 * Runs the workload. Afterwards the disk and the clock work, whatever was done to them, and an unsound database is a
 * failure.
 */
export async function runBuilt(options: BuiltRunOptions): Promise<RunResult> {
  const { folder, shimLibrary, cli = builtCli } = options;
  mkdirSync(folder, { recursive: true });
  const data = join(folder, 'data');
  const shim = createShim(shimLibrary, join(folder, 'control'), data);
  const disturb = options.disturb(shim);
  try {
    const result = await run({
      ...options,
      servers: [{ cli, data, env: shim.env }],
      disturb: (world, isOver) => disturb(world, isOver).finally(() => shim.mend()),
    });
    const damage = damageIn(join(data, 'madang.db'));
    return { ...result, failure: result.failure ?? damage };
  } finally {
    shim.close();
  }
}

/** SQLite's complaints about a database that nobody uses any more; undefined if it is sound. */
function damageIn(file: string): string | undefined {
  const database = new Database(file);
  try {
    const found = database.pragma('integrity_check', { simple: true });
    return found === 'ok' ? undefined : `the database is damaged: ${String(found)}`;
  } catch (error) {
    return `the database is damaged: ${String(error)}`;
  } finally {
    database.close();
  }
}
