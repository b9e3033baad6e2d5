import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

const cli = fileURLToPath(new URL('../../packages/server/dist/cli.js', import.meta.url));

/** What a run of the program ended with. */
export interface CliRun {
  code: number | null;
  stdout: string;
  stderr: string;
}

/** Runs `madang` to its end, for what is expected to end by itself; after 10 s it is killed, and `code` is null. */
export async function runCli(args: string[], env: Record<string, string> = {}): Promise<CliRun> {
  const child = spawn(process.execPath, [cli, ...args], { env: { ...process.env, ...env }, timeout: 10_000 });
  const run: CliRun = { code: null, stdout: '', stderr: '' };
  child.stdout.on('data', (chunk: Buffer) => (run.stdout += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (run.stderr += chunk.toString()));
  [run.code] = (await once(child, 'close')) as [number | null];
  return run;
}
