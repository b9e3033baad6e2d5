import { run, type RunOptions, type RunResult } from '@madang/verify';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createShim, type Shim } from './faults/shim.ts';

/** The program as it is built. */
export const builtCli = fileURLToPath(new URL('../../packages/server/dist/cli.js', import.meta.url));

/** A run of the built program, or of another one, on a disk and a clock that fail on demand. */
export interface BuiltRunOptions extends Omit<RunOptions, 'servers' | 'disturb'> {
  cli?: string;
  /** Undefined for the machine's own disk and clock. */
  shimLibrary: string | undefined;
  disturb(shim: Shim | undefined): RunOptions['disturb'];
}

/** Runs the workload; at the end the disk and the clock are in order, whatever was done to them. */
export async function runBuilt(options: BuiltRunOptions): Promise<RunResult> {
  const { folder, shimLibrary, cli = builtCli } = options;
  mkdirSync(folder, { recursive: true });
  const data = join(folder, 'data');
  const shim = shimLibrary === undefined ? undefined : createShim(shimLibrary, join(folder, 'control'), data);
  const disturb = options.disturb(shim);
  try {
    return await run({
      ...options,
      servers: [{ cli, data, ...(shim && { env: shim.env }) }],
      disturb: (world, isOver) => disturb(world, isOver).finally(() => shim?.mend()),
    });
  } finally {
    shim?.close();
  }
}
