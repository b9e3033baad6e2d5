import { type ChildProcess, execFile, execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { createHash } from 'node:crypto';
import { chmodSync, chownSync, existsSync, readdirSync, readFileSync, renameSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Client } from 'pg';
import { freePort } from './start-server.ts';
import { type TempFolder, tempFolder } from './temp-folder.ts';

/** A PostgreSQL for one test: a real cluster in a temporary folder, on a free port. */
export interface TestPostgres extends AsyncDisposable {
  readonly port: number;
  /** The postmaster's pid: all other processes are its children. */
  pid(): number;
  /** The address of one of its databases. */
  url(database: string): string;
  /** Creates a database; resolves to its address. */
  newDatabase(options?: string): Promise<string>;
  /** Runs SQL on one of its databases. */
  sql(url: string, text: string): Promise<Record<string, unknown>[]>;
  /** Stops it as an administrator would: sessions are ended. */
  stop(): Promise<void>;
  /** Kills all of it at once. */
  kill(): Promise<void>;
  /** Starts it again with the same port and data. */
  start(): Promise<void>;
  /** Suspends all its processes: connections stay open, and nothing is answered. */
  freeze(): void;
  thaw(): void;
  /** Kills a backend process. PostgreSQL then ends all other sessions and recovers on its own. */
  crash(): void;
  /** Promotes a standby to primary. */
  promote(): Promise<void>;
  /** Runs one of PostgreSQL's programs, such as `pg_dump`, in a folder that it may write to. */
  run(program: string, args: readonly string[]): Promise<void>;
  /** Copies all files of the cluster while it is stopped, as a snapshot of its disk would. */
  saveFiles(): Promise<void>;
  /** Puts the copied files back, while it is stopped. */
  putFilesBack(): Promise<void>;
}

/** How long a start, including recovery, may take on a busy machine, in ms. */
const START_MS = 60_000;

const account = process.getuid?.() === 0 ? accountOf('postgres') : undefined;

/** Options of `initdb`. */
const INIT = ['--no-sync', '-A', 'trust', '--locale=C.UTF-8', '-E', 'UTF8', '-U', 'madang', '-D'];

/**
 * Starts a cluster with its own environment. Disposing stops it and removes its folder. All clusters are copies of one
 * template, so their system identifier is the same.
 */
export function startPostgres(settings: string[] = [], env: Record<string, string> = {}): Promise<TestPostgres> {
  return startCluster((data) => execFileSync('cp', ['-a', template(), data]), settings, env);
}

/**
 * A cluster in the machine's temporary folder that all others are copied from, because `initdb` takes more than a
 * second.
 */
function template(): string {
  const version = execFileSync(join(binaries(), 'initdb'), ['--version'], { encoding: 'utf8' });
  const name = createHash('sha256')
    .update(`${version} ${INIT.join(' ')} ${process.getuid?.()}`)
    .digest('hex');
  const path = join(tmpdir(), `madang-postgres-${name.slice(0, 12)}`);
  if (existsSync(path)) return path;
  using folder = clusterFolder();
  const made = join(folder.path, 'cluster');
  runAsAccount('initdb', [...INIT, made], folder.path);
  try {
    // Atomically: other tests look for it at the same time.
    renameSync(made, path);
  } catch (error) {
    if (!existsSync(path)) throw error;
  }
  return path;
}

/** A folder that the account of PostgreSQL may use. */
function clusterFolder(): TempFolder {
  const folder = tempFolder();
  if (account) chownSync(folder.path, account.uid, account.gid);
  chmodSync(folder.path, 0o700);
  return folder;
}

/** Starts a standby that streams from a primary, and makes the primary wait for it at every commit. */
export async function startSynchronousStandby(primary: TestPostgres): Promise<TestPostgres> {
  const from = `postgres://madang@127.0.0.1:${primary.port}`;
  const standby = await startCluster(
    (data, folder) => runAsAccount('pg_basebackup', ['--no-sync', '-c', 'fast', '-R', '-d', from, '-D', data], folder),
    ['wal_retrieve_retry_interval=100ms'],
  );
  const admin = primary.url('postgres');
  await primary.sql(admin, `ALTER SYSTEM SET synchronous_standby_names = '*'`);
  await primary.sql(admin, 'SELECT pg_reload_conf()');
  const isSynchronous = `SELECT 1 FROM pg_stat_replication WHERE sync_state = 'sync'`;
  while ((await primary.sql(admin, isSynchronous)).length === 0)
    await new Promise((resolve) => setTimeout(resolve, 50));
  return standby;
}

/** Starts a cluster once `make` has created its data. */
async function startCluster(
  make: (data: string, folder: string) => void,
  settings: string[],
  env: Record<string, string> = {},
): Promise<TestPostgres> {
  const folder = clusterFolder();
  const data = join(folder.path, 'cluster');
  make(data, folder.path);
  const port = await freePort();
  let child: ChildProcess | undefined;
  let databases = 0;
  const url = (database: string) => `postgres://madang@127.0.0.1:${port}/${database}`;

  const end = async (signal: NodeJS.Signals): Promise<void> => {
    const ending = child;
    child = undefined;
    if (!ending || ending.exitCode !== null) return;
    const exited = once(ending, 'exit');
    ending.kill(signal);
    await exited;
  };
  const start = async (): Promise<void> => {
    const options = ['-p', String(port), '-h', '127.0.0.1', '-k', '', ...settings.flatMap((each) => ['-c', each])];
    const { command, args } = asAccount('postgres', ['-D', data, ...options], env);
    const started = spawn(command, args, { stdio: ['ignore', 'ignore', 'pipe'], cwd: folder.path });
    child = started;
    let output = '';
    started.stderr.on('data', (chunk: Buffer) => (output = (output + chunk.toString()).slice(-5000)));
    for (const began = performance.now(); ;) {
      if (started.exitCode !== null) throw new Error(`PostgreSQL ended: ${output}`);
      const answered = await answers(url('postgres'));
      if (answered) return;
      if (performance.now() - began > START_MS) throw new Error(`PostgreSQL does not answer: ${output}`);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  };
  const sql = (address: string, text: string) => run(address, text);
  const signal = (name: NodeJS.Signals): void => {
    const pid = child?.pid;
    if (pid === undefined) return;
    for (const each of [pid, ...childrenOf(pid)]) process.kill(each, name);
  };

  await start();
  return {
    port,
    pid: () => child?.pid ?? 0,
    url,
    newDatabase: async (options = '') => {
      databases += 1;
      const name = `workspace_${databases}`;
      await run(url('postgres'), `CREATE DATABASE ${name} ${options}`);
      return url(name);
    },
    sql,
    freeze: () => signal('SIGSTOP'),
    thaw: () => signal('SIGCONT'),
    crash: () => {
      // The newest one serves a connection: PostgreSQL's own helpers were started earlier.
      const newest = Math.max(...childrenOf(child?.pid ?? 0));
      if (newest > 0) process.kill(newest, 'SIGKILL');
    },
    stop: () => end('SIGINT'),
    kill: () => end('SIGQUIT'),
    start,
    promote: async () => void (await run(url('postgres'), 'SELECT pg_promote()')),
    run: async (program, programArgs) => {
      const asked = asAccount(program, [...programArgs]);
      await promisify(execFile)(asked.command, asked.args, { cwd: folder.path });
    },
    saveFiles: () => replaceFolder(data, `${data}-saved`),
    putFilesBack: () => replaceFolder(`${data}-saved`, data),
    [Symbol.asyncDispose]: async () => {
      await end('SIGQUIT');
      folder[Symbol.dispose]();
    },
  };
}

async function replaceFolder(from: string, to: string): Promise<void> {
  await rm(to, { recursive: true, force: true });
  await promisify(execFile)('cp', ['-a', from, to]);
}

async function run(address: string, text: string): Promise<Record<string, unknown>[]> {
  const client = new Client({ connectionString: address });
  await client.connect();
  try {
    const { rows } = await client.query<Record<string, unknown>>(text);
    return rows;
  } finally {
    await client.end();
  }
}

async function answers(address: string): Promise<boolean> {
  try {
    await run(address, 'SELECT 1');
    return true;
  } catch {
    return false;
  }
}

function runAsAccount(program: string, programArgs: string[], cwd: string): void {
  const { command, args } = asAccount(program, programArgs);
  execFileSync(command, args, { stdio: 'ignore', cwd });
}

/**
 * Runs a program of PostgreSQL as an unprivileged account, since it refuses to run as root. It dies with the test
 * process, however that ends. `env` is for this program only.
 */
function asAccount(
  program: string,
  args: string[],
  env: Record<string, string> = {},
): { command: string; args: string[] } {
  const path = join(binaries(), program);
  const variables = Object.entries(env).map(([name, value]) => `${name}=${value}`);
  const user = account ? [`--reuid=${account.uid}`, `--regid=${account.gid}`, '--clear-groups'] : [];
  return { command: 'setpriv', args: [...user, '--pdeathsig=QUIT', 'env', ...variables, path, ...args] };
}

function childrenOf(pid: number): number[] {
  return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').filter(Boolean).map(Number);
}

function accountOf(user: string): { uid: number; gid: number } {
  const id = (flag: string) => Number(execFileSync('id', [flag, user], { encoding: 'utf8' }));
  return { uid: id('-u'), gid: id('-g') };
}

function binaries(): string {
  const debian = '/usr/lib/postgresql';
  const versions = existsSync(debian) ? readdirSync(debian).sort((a, b) => Number(b) - Number(a)) : [];
  const found = versions.map((version) => join(debian, version, 'bin')).find((bin) => existsSync(join(bin, 'initdb')));
  if (found !== undefined) return found;
  const { stdout } = spawnSync('pg_config', ['--bindir'], { encoding: 'utf8' });
  if (!stdout) throw new Error('PostgreSQL is not installed; install Debian\'s package "postgresql"');
  return stdout.trim();
}
