import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';

const program = fileURLToPath(new URL('../../server/dist/cli.js', import.meta.url));

/** Whether the server is built. */
export const hasServer = existsSync(program);

/** A real server in a process, folder and port of its own, which can be killed and started again. */
export interface Server {
  url: string;
  /** Ends it without a word, as a crash does. */
  kill(): Promise<void>;
  /** Asks it to stop, as an update does. */
  stop(): Promise<void>;
  /** Starts it again on the same port and data. */
  start(): Promise<void>;
}

/** Starts a server that ends with the test. */
export async function startServer(...flags: string[]): Promise<Server> {
  const data = await mkdtemp(join(tmpdir(), 'madang-client-'));
  const port = await freePort();
  let child: ChildProcess | undefined;

  async function end(signal: 'SIGKILL' | 'SIGTERM'): Promise<void> {
    const running = child;
    child = undefined;
    if (!running || running.exitCode !== null) return;
    running.kill(signal);
    await once(running, 'exit');
  }

  const server: Server = {
    url: `http://localhost:${port}`,
    kill: () => end('SIGKILL'),
    stop: () => end('SIGTERM'),
    start: async () => {
      const started = spawn(process.execPath, [program, '--port', String(port), '--data', data, ...flags]);
      child = started;
      let output = '';
      await new Promise<void>((resolve, reject) => {
        started.stderr.on('data', (chunk: Buffer) => (output += String(chunk)));
        started.stdout.on('data', (chunk: Buffer) => {
          output += String(chunk);
          if (output.includes('Madang is open')) resolve();
        });
        started.once('exit', () => reject(new Error(`The server did not start: ${output}`)));
      });
    },
  };
  onTestFinished(async () => {
    await server.kill();
    await rm(data, { recursive: true, force: true });
  });
  await server.start();
  return server;
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0);
  await once(probe, 'listening');
  const address = probe.address();
  probe.close();
  await once(probe, 'close');
  if (typeof address !== 'object' || !address) throw new Error('No port');
  return address.port;
}
