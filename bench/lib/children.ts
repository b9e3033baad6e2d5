import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { fileURLToPath } from 'node:url';

/** The delay of a server's own event loop, in ms. */
export interface LoopDelay {
  p50: number;
  p99: number;
  max: number;
}

/** A server's memory after a garbage collection, in bytes. */
interface Collected {
  held: number;
  emptyPages: number;
}

/** How to start a server. */
export interface Command {
  /** The program; Node if absent. */
  program?: string;
  args: readonly string[];
  /** Node's own options, if it is Node. */
  nodeOptions?: readonly string[];
  /** The port it will listen on, if it doesn't print one. */
  port?: number;
  env?: Record<string, string>;
}

/** A server that runs as a child of the benchmark. */
export interface ServerProcess {
  readonly pid: number;
  readonly port: number;
  /** Time from starting it until it listens, in ms. */
  readonly startMs: number;
  /** Starts measuring its event loop's delay. */
  watchLoop(): void;
  /** The delay since then; undefined for a server that isn't Node. */
  loopDelay(): Promise<LoopDelay | undefined>;
  /**
   * Makes it collect garbage. Resolves to what it then holds, and what its heap keeps empty; 0 for a server that isn't
   * Node.
   */
  collectGarbage(): Promise<Collected>;
  /** Writes a heap snapshot, after a garbage collection; only a Node server can. */
  snapshot(file: string): Promise<void>;
  /** SIGTERM; SIGKILL after 8 s. */
  stop(): Promise<void>;
}

const preload = fileURLToPath(new URL('loop-delay.mjs', import.meta.url));
const running = new Set<ChildProcess>();
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});
// A signal on its own would end the benchmark without its 'exit'.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));

/**
 * Starts a server on a core, or several (`0,1`); resolves when it listens. It must print `listening <port>`, or
 * `"port":<port>` as Madang's log does.
 */
export async function startServer(command: Command, core: number | string): Promise<ServerProcess> {
  const isNode = command.program === undefined;
  const argv = isNode
    ? [process.execPath, '--expose-gc', ...(command.nodeOptions ?? []), '--import', preload, ...command.args]
    : [command.program as string, ...command.args];
  const startedAt = performance.now();
  const child = spawn('taskset', ['-c', String(core), ...argv], {
    stdio: ['ignore', 'pipe', 'pipe', ...(isNode ? (['ipc'] as const) : [])],
    env: { ...process.env, ...command.env },
  });
  running.add(child);
  child.once('exit', () => running.delete(child));
  const port = command.port === undefined ? await listening(child) : await answering(child, command.port);
  const ask = async (question: string): Promise<unknown> => {
    const answer = once(child, 'message');
    child.send(question);
    return ((await answer) as [unknown])[0];
  };
  return {
    pid: child.pid ?? 0,
    port,
    startMs: performance.now() - startedAt,
    watchLoop: () => {
      if (isNode) child.send('watch');
    },
    loopDelay: async () => (isNode ? ((await ask('read')) as LoopDelay) : undefined),
    collectGarbage: async () => (isNode ? ((await ask('collect')) as Collected) : { held: 0, emptyPages: 0 }),
    snapshot: async (file) => void (await ask(`snapshot ${file}`)),
    stop: () => stop(child),
  };
}

function listening(child: ChildProcess): Promise<number> {
  return new Promise((resolve, reject) => {
    let output = '';
    const hear = (chunk: Buffer) => {
      if (output.length > 100_000) return;
      output += chunk.toString();
      const port = /listening (\d+)/.exec(output) ?? /"port":(\d+)[^\n]*is open/.exec(output);
      if (port) resolve(Number(port[1]));
    };
    child.stdout?.on('data', hear);
    child.stderr?.on('data', hear);
    child.once('error', reject);
    child.once('exit', (code) => reject(new Error(`a server ended with ${code}: ${output}`)));
  });
}

/** Resolves when a server accepts connections on the port chosen for it. */
async function answering(child: ChildProcess, port: number): Promise<number> {
  for (;;) {
    if (child.exitCode !== null) throw new Error(`a server ended with ${child.exitCode}`);
    const socket = connect(port, '127.0.0.1');
    const isOpen = await once(socket, 'connect').then(
      () => true,
      () => false,
    );
    socket.destroy();
    if (isOpen) return port;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, 'exit');
  child.kill('SIGTERM');
  const patience = setTimeout(() => child.kill('SIGKILL'), 8000);
  await exited;
  clearTimeout(patience);
}
