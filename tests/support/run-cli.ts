import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { NODE_FLAGS } from './start-server.ts';

const cli = fileURLToPath(new URL('../../packages/server/bundle/cli.js', import.meta.url));

/** The result of a run of the program. */
export interface CliRun {
  code: number | null;
  stdout: string;
  stderr: string;
}

/** Runs `madang` until it ends on its own. If it starts a server instead, it is killed, and `code` is null. */
export async function runCli(args: string[], env: Record<string, string> = {}): Promise<CliRun> {
  const child = spawn(process.execPath, [...NODE_FLAGS, cli, ...args], {
    env: { ...process.env, ...env },
    timeout: 20_000,
    killSignal: 'SIGKILL',
  });
  const run: CliRun = { code: null, stdout: '', stderr: '' };
  child.stdout.on('data', (chunk: Buffer) => {
    run.stdout += chunk.toString();
    if (run.stdout.includes('Madang is open')) child.kill('SIGKILL');
  });
  child.stderr.on('data', (chunk: Buffer) => (run.stderr += chunk.toString()));
  [run.code] = (await once(child, 'close')) as [number | null];
  return run;
}

/** A server that was started with only the given arguments. */
export interface OpenCli extends AsyncDisposable {
  /** The URL that it printed. */
  readonly url: string;
}

/** Runs `madang` until its server is open. */
export async function openCli(args: string[], env: Record<string, string> = {}): Promise<OpenCli> {
  const child = spawn(process.execPath, [...NODE_FLAGS, cli, ...args], { env: { ...process.env, ...env } });
  const exited = once(child, 'exit');
  let output = '';
  const url = await new Promise<string>((resolve, reject) => {
    const hear = (chunk: Buffer) => {
      output += chunk.toString();
      const match = /Madang is open at (http:[^"\s]+)/.exec(output);
      if (match?.[1] !== undefined) resolve(match[1]);
    };
    child.stdout.on('data', hear);
    child.stderr.on('data', hear);
    void exited.then(() => reject(new Error(`madang ended: ${output}`)));
  });
  return {
    url,
    [Symbol.asyncDispose]: async () => {
      child.kill('SIGKILL');
      await exited;
    },
  };
}
