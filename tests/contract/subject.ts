import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { freePort } from '../support/start-server.ts';
import { createShim, type Shim } from './faults/shim.ts';

/** The program as it is built. */
const builtCli = fileURLToPath(new URL('../../packages/server/dist/cli.js', import.meta.url));

/** How long a start may take on a machine that does much else, in ms. */
const START_MS = 30_000;

/** How much of what the server printed is kept. */
const KEPT_OUTPUT = 20_000;

/** The server whose promises are put to the test: started, ended and started again on one port and folder. */
export interface Subject {
  readonly url: string;
  readonly port: number;
  readonly data: string;
  /** The disk and the clock under it; undefined where there is no C compiler. */
  readonly shim: Shim | undefined;
  pid(): number;
  isUp(): boolean;
  /** The last lines that it has printed. */
  output(): string;
  /** Starts it; answers how long that took, in ms. Rejects when it ends instead, or is not open in time. */
  start(): Promise<number>;
  kill(): Promise<void>;
  /** SIGTERM; the exit code. */
  stop(): Promise<number | null>;
  /** Resolves when the process is gone, whoever ended it; false when it is still there after `limitMs`. */
  ended(limitMs: number): Promise<boolean>;
  close(): Promise<void>;
}

/** Makes a subject below `folder`. It is not started. */
export async function createSubject(options: {
  folder: string;
  cli?: string;
  flags?: readonly string[];
  shimLibrary?: string | undefined;
  data?: string;
}): Promise<Subject> {
  const { folder, cli = builtCli, flags = [], shimLibrary } = options;
  const data = options.data ?? join(folder, 'data');
  mkdirSync(data, { recursive: true });
  const port = await freePort();
  const shim = shimLibrary === undefined ? undefined : createShim(shimLibrary, join(folder, 'control'), data);
  const args = [cli, '--host', '127.0.0.1', '--port', String(port), '--data', data, '--log-level', 'info', ...flags];
  let child: ChildProcess | undefined;
  let exited: Promise<number | null> = Promise.resolve(null);
  let output = '';

  const start = async (): Promise<number> => {
    const began = performance.now();
    const started = spawn(process.execPath, args, {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, ...shim?.env },
    });
    child = started;
    let fresh = '';
    exited = new Promise((resolve) => {
      started.once('exit', (code) => {
        if (child === started) child = undefined;
        resolve(code);
      });
    });
    await new Promise<void>((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`not open after ${START_MS} ms: ${fresh}`)), START_MS);
      const hear = (chunk: Buffer) => {
        output = (output + chunk.toString()).slice(-KEPT_OUTPUT);
        fresh = (fresh + chunk.toString()).slice(-KEPT_OUTPUT);
        if (!fresh.includes('Madang is open')) return;
        clearTimeout(timer);
        resolve();
      };
      started.stdout.on('data', hear);
      started.stderr.on('data', hear);
      started.once('exit', (code) => {
        clearTimeout(timer);
        reject(new Error(`the server ended with ${code}: ${fresh}`));
      });
    });
    return performance.now() - began;
  };
  const end = async (signal: NodeJS.Signals): Promise<number | null> => {
    child?.kill(signal);
    return exited;
  };

  return {
    url: `http://127.0.0.1:${port}`,
    port,
    data,
    shim,
    pid: () => child?.pid ?? 0,
    isUp: () => child !== undefined,
    output: () => output,
    start,
    kill: async () => void (await end('SIGKILL')),
    stop: () => end('SIGTERM'),
    ended: (limitMs) =>
      Promise.race([
        exited.then(() => true),
        new Promise<boolean>((resolve) => setTimeout(() => resolve(false), limitMs).unref()),
      ]),
    close: async () => {
      await end('SIGKILL');
      shim?.close();
    },
  };
}
