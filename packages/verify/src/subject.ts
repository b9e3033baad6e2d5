import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync } from 'node:fs';
import { createServer } from 'node:net';
import { within } from './random.js';

/** How long a start may take on a busy machine, in ms. */
const START_MS = 60_000;

/** How much of the server's output is kept, in characters. */
const KEPT_OUTPUT = 20_000;

/** The server under test: started, ended and restarted on one port and folder. */
export interface Subject {
  readonly url: string;
  readonly port: number;
  readonly data: string;
  pid(): number;
  /** Whether its process is running. */
  isUp(): boolean;
  /** Whether it is running and has said that it is open. */
  isOpen(): boolean;
  /** Its last lines of output. */
  output(): string;
  /** Starts it. Resolves to the time that took, in ms. Rejects if it ends instead, or isn't open in time. */
  start(): Promise<number>;
  kill(): Promise<void>;
  /** Sends SIGTERM. Resolves to the exit code. */
  stop(): Promise<number | null>;
  /** Resolves when the process is gone, whoever ended it; to false if it is still there after `limitMs`. */
  ended(limitMs: number): Promise<boolean>;
}

/** Options of a subject. */
export interface SubjectOptions {
  /** The program: `bundle/cli.js` of the server, or `dist/cli.js`. */
  cli: string;
  /** Its data folder; created if missing. */
  data: string;
  flags?: readonly string[];
  /** Environment variables besides this process's own. */
  env?: Readonly<Record<string, string>>;
}

/** Creates a subject on a free loopback port, without starting it. */
export async function createSubject({ cli, data, flags = [], env }: SubjectOptions): Promise<Subject> {
  mkdirSync(data, { recursive: true });
  const port = await freePort();
  const args = [cli, '--host', '127.0.0.1', '--port', String(port), '--data', data, '--log-level', 'info', ...flags];
  let child: ChildProcess | undefined;
  let open: ChildProcess | undefined;
  let exited: Promise<number | null> = Promise.resolve(null);
  let output = '';

  const start = async (): Promise<number> => {
    const began = performance.now();
    const started = spawn(process.execPath, args, {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...neutralEnvironment(), ...env },
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
        open = started;
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
    pid: () => child?.pid ?? 0,
    isUp: () => child !== undefined,
    isOpen: () => child !== undefined && child === open,
    output: () => output,
    start,
    kill: async () => void (await end('SIGKILL')),
    stop: () => end('SIGTERM'),
    ended: (limitMs) =>
      within(
        exited.then(() => true),
        limitMs,
        false,
      ),
  };
}

/** This process's environment without Madang's settings, which may name a database in use. */
function neutralEnvironment(): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('MADANG_')));
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  if (typeof address !== 'object' || address === null) throw new Error('no port');
  return address.port;
}
