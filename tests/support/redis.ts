import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { freePort } from './start-server.ts';
import { tempFolder } from './temp-folder.ts';

/** The program to start; `valkey-server` works too. */
const program = process.env['MADANG_TEST_REDIS'] ?? 'redis-server';

/** A Redis for one test, without persistence. */
export interface TestRedis extends AsyncDisposable {
  readonly port: number;
  readonly url: string;
  pid(): number;
  /** Kills it at once. */
  kill(): Promise<void>;
  /** Starts it again on the same port, empty. */
  start(): Promise<void>;
  /** Suspends the process: connections stay open, and nothing is answered. */
  freeze(): void;
  thaw(): void;
  /** Sends a command as one line, and resolves to the first line of the answer. */
  ask(line: string): Promise<string>;
}

/** Starts Redis on a free port; with `isCluster`, as a cluster of one node with all slots. */
export async function startRedis({ isCluster = false, flags = [] as string[] } = {}): Promise<TestRedis> {
  const folder = tempFolder();
  const port = await freePort();
  let child: ChildProcess | undefined;
  const end = async (): Promise<void> => {
    const ending = child;
    child = undefined;
    if (!ending || ending.exitCode !== null) return;
    const exited = once(ending, 'exit');
    ending.kill('SIGKILL');
    await exited;
  };
  const start = async (): Promise<void> => {
    const cluster = isCluster ? ['--cluster-enabled', 'yes', '--cluster-port', String(await freePort())] : [];
    const args = ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--dir', folder.path, ...cluster];
    // It dies with the test process, however that ends.
    const command = ['--pdeathsig=KILL', program, ...args, '--daemonize', 'no', ...flags];
    child = spawn('setpriv', command, { stdio: 'ignore' });
    for (let attempt = 0; !/^(\+PONG|-NOAUTH)/.test(await ask(port, 'PING').catch(() => '')); attempt += 1) {
      if (attempt > 200) throw new Error('Redis does not answer');
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    if (!isCluster) return;
    await ask(port, 'CLUSTER ADDSLOTSRANGE 0 16383');
    while (!(await ask(port, 'SET started 1')).startsWith('+OK')) {
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  };
  await start();
  return {
    port,
    url: `redis://127.0.0.1:${port}`,
    pid: () => child?.pid ?? 0,
    kill: end,
    start,
    freeze: () => void child?.kill('SIGSTOP'),
    thaw: () => void child?.kill('SIGCONT'),
    ask: (line) => ask(port, line),
    [Symbol.asyncDispose]: async () => {
      await end();
      folder[Symbol.dispose]();
    },
  };
}

async function ask(port: number, line: string): Promise<string> {
  const socket = connect(port, '127.0.0.1');
  try {
    socket.on('error', () => undefined);
    socket.write(`${line}\r\n`);
    const [answer] = (await Promise.race([once(socket, 'data'), ended(socket)])) as [Buffer];
    return answer.toString().split('\r\n')[0] ?? '';
  } finally {
    socket.destroy();
  }
}

async function ended(socket: NodeJS.EventEmitter): Promise<never> {
  await once(socket, 'close');
  throw new Error('Redis is not running');
}
