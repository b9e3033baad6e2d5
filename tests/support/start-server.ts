import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { fileURLToPath } from 'node:url';
import { tempFolder } from './temp-folder.ts';

const cli = fileURLToPath(new URL('../../packages/server/bundle/cli.js', import.meta.url));

/** For Node, when it runs the program: collecting garbage in several threads makes a start a fifth dearer. */
export const NODE_FLAGS = ['--single-threaded-gc'];

/** Options for a test's server. */
export interface ServerOptions {
  /** Flags in addition to `--port` and `--data`. */
  flags?: string[];
  /** A data folder of the test; a temporary one if absent. */
  data?: string;
  env?: Record<string, string>;
}

/** A server for one test: the real program on a free port, with its data in a temporary folder. */
export interface TestServer extends AsyncDisposable {
  readonly url: string;
  readonly port: number;
  readonly data: string;
  /** Everything it has printed, including the JSON lines of its log. */
  output(): string;
  pid(): number;
  /** Sends SIGTERM, and resolves to the exit code. */
  stop(): Promise<number | null>;
  /** Sends SIGKILL. */
  kill(): Promise<void>;
  /** Starts it again with the same port and data. */
  start(): Promise<void>;
}

/** Finds a port that is free now. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  if (typeof address !== 'object' || address === null) throw new Error('no port');
  return address.port;
}

/** Starts a server. Disposing kills it and removes its folder. */
export async function startServer(options: ServerOptions = {}): Promise<TestServer> {
  const folder = options.data === undefined ? tempFolder() : undefined;
  const data = options.data ?? folder?.path ?? '';
  const port = await freePort();
  let child: ChildProcess | undefined;
  let output = '';

  const start = async (): Promise<void> => {
    const args = [...NODE_FLAGS, cli, '--port', String(port), '--data', data, ...(options.flags ?? [])];
    const started = spawn(process.execPath, args, {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, ...options.env },
    });
    child = started;
    await new Promise<void>((resolve, reject) => {
      const hear = (chunk: Buffer) => {
        output += chunk.toString();
        if (output.includes('Madang is open')) resolve();
      };
      started.stdout.on('data', hear);
      started.stderr.on('data', hear);
      started.once('exit', (code) => reject(new Error(`The server ended with ${code}: ${output}`)));
    });
  };
  const end = async (signal: NodeJS.Signals): Promise<number | null> => {
    const ending = child;
    child = undefined;
    output = output.replaceAll('Madang is open', 'Madang was open');
    if (!ending || ending.exitCode !== null) return ending?.exitCode ?? null;
    const exited = once(ending, 'exit') as Promise<[number | null]>;
    ending.kill(signal);
    return (await exited)[0];
  };

  await start();
  return {
    url: `http://localhost:${port}`,
    port,
    data,
    output: () => output,
    pid: () => child?.pid ?? 0,
    stop: () => end('SIGTERM'),
    kill: async () => void (await end('SIGKILL')),
    start,
    [Symbol.asyncDispose]: async () => {
      await end('SIGKILL');
      folder?.[Symbol.dispose]();
    },
  };
}
