import cluster, { type Worker } from 'node:cluster';
import { once } from 'node:events';
import { mkdirSync, readdirSync, rmSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve as absolute } from 'node:path';
import { BackOff } from '../back-off.js';
import type { Config } from '../config.js';
import { messageOf, StartError } from '../errors.js';
import { createLogger } from '../logger.js';

/** The wait before a worker that ended is replaced, in ms. It grows while workers end right after their start. */
const REPLACE = { minMs: 1000, maxMs: 30_000 };

/** A worker that lived this long, in ms, did not end at once. */
const LIVED_MS = 60_000;

/** A folder of sockets, named for the process that created it. */
const FOLDER = /^workers-(\d+)$/;

/** The most bytes in a socket's path (`sun_path`), including its name. */
const MOST_PATH_BYTES = 107;
const NAME_BYTES = 10;

/** How long workers may take to stop, in ms: a little more than each allows itself. */
const STOP_MS = 6000;

/** Which worker this process is. */
export interface WorkerSlot {
  /** From 1 on; a replacement takes over the number. */
  number: number;
  /** The folder with the workers' sockets for each other. */
  folder: string;
}

/** This process's slot among the workers; undefined if it is none. */
export function workerSlot(): WorkerSlot | undefined {
  const { MADANG_WORKER_NUMBER: number, MADANG_WORKER_FOLDER: folder } = process.env;
  return cluster.isWorker && number !== undefined && folder !== undefined
    ? { number: Number(number), folder }
    : undefined;
}

/**
 * Runs several processes of this program on one port, each a node of the workspace, and replaces those that end.
 * @throws StartError if this needs a single process
 */
export async function startWorkers(config: Config): Promise<void> {
  if (config.database === undefined || config.bus === undefined) {
    throw new StartError(
      `--workers ${config.workers} needs --database postgres://… and --bus redis://… too: only one process can write a SQLite database, and processes exchange events over the bus.`,
    );
  }
  const logger = createLogger({ level: config.logLevel, pretty: process.stdout.isTTY });
  const folder = makeFolder(config.data);
  const workers = new Map<number, Worker>();
  let isStopping = false;
  const backOff = new BackOff(REPLACE);

  const fork = (number: number): Worker => {
    const worker = cluster.fork({ MADANG_WORKER_NUMBER: number, MADANG_WORKER_FOLDER: folder });
    workers.set(number, worker);
    const begun = performance.now();
    worker.once('exit', (code, signal) => {
      workers.delete(number);
      if (isStopping) return;
      if (performance.now() - begun > LIVED_MS) backOff.reset();
      const afterMs = backOff.next();
      logger.error({ worker: number, code, signal, afterMs }, 'a worker ended; another takes its place');
      setTimeout(() => !isStopping && fork(number), afterMs);
    });
    return worker;
  };
  const stop = async (signal: NodeJS.Signals): Promise<void> => {
    if (isStopping) return;
    isStopping = true;
    const running = [...workers.values()];
    setTimeout(() => running.forEach((worker) => worker.process.kill('SIGKILL')), STOP_MS).unref();
    await Promise.all(running.map((worker) => ended(worker, signal)));
    rmSync(folder, { recursive: true, force: true });
    process.exit(0);
  };
  process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
  process.on('SIGTERM', (signal) => void stop(signal));
  process.on('SIGINT', (signal) => void stop(signal));

  // The first one starts alone: it migrates the database, and if it can't start, it says why, and the others need not
  // try.
  const address = await opened(fork(1), () => (isStopping = true));
  const port = address?.port ?? config.port;
  await Promise.all(Array.from({ length: config.workers - 1 }, (_, index) => opened(fork(index + 2))));
  logger.info(
    { port: port, workers: config.workers },
    `Madang is open at http://${config.host ?? 'localhost'}:${port}${config.path ? `${config.path}/` : ''}`,
  );
}

/**
 * Creates the folder for the workers' sockets in the data folder, where nothing cleans up temporary files, or in the
 * folder for temporary files if that path is too long for a socket. Removes what a killed process left there.
 * @throws StartError
 */
function makeFolder(data: string): string {
  const parents = [absolute(data), tmpdir(), '/tmp'];
  const name = `workers-${process.pid}`;
  const parent = parents.find((each) => Buffer.byteLength(join(each, name)) + NAME_BYTES <= MOST_PATH_BYTES) ?? '/tmp';
  const folder = join(parent, parent === parents[0] ? name : `madang-${name}`);
  try {
    if (parent === parents[0]) removeLeftovers(parent);
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    return folder;
  } catch (error) {
    throw new StartError(`The workers' sockets can't be kept in ${folder}: ${messageOf(error)}.`);
  }
}

function removeLeftovers(data: string): void {
  mkdirSync(data, { recursive: true, mode: 0o700 });
  for (const name of readdirSync(data)) {
    const pid = Number(FOLDER.exec(name)?.[1] ?? process.pid);
    if (pid !== process.pid && !isAlive(pid)) rmSync(join(data, name), { recursive: true, force: true });
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}

/**
 * Resolves when a worker accepts connections. If it ends before that, calls `onFailure` and ends this process in the
 * same way.
 */
function opened(worker: Worker, onFailure?: () => void): Promise<AddressInfo | undefined> {
  return new Promise((resolve) => {
    const fail = (code: number | null) => {
      if (!onFailure) return resolve(undefined);
      onFailure();
      process.exit(code ?? 1);
    };
    worker.once('exit', fail);
    worker.on('listening', (address) => {
      worker.off('exit', fail);
      resolve(address as unknown as AddressInfo);
    });
  });
}

async function ended(worker: Worker, signal: NodeJS.Signals): Promise<void> {
  if (worker.isDead()) return;
  worker.process.kill(signal);
  await once(worker, 'exit');
}
