import cluster, { type Worker } from 'node:cluster';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Config } from '../config.js';
import { StartError } from '../errors.js';
import { createLogger } from '../logger.js';

/** A worker that ended is replaced after so many ms. */
const REPLACE_MS = 1000;

/** How long workers may take to stop, in ms: a little more than each gives itself. */
const STOP_MS = 6000;

/** Which worker this process is. */
export interface WorkerPlace {
  /** From 1 on; a worker that replaces another takes its number. */
  number: number;
  /** Where the workers have their sockets for each other. */
  folder: string;
}

/** This process's place among the workers; undefined if it is none. */
export function workerPlace(): WorkerPlace | undefined {
  const { MADANG_WORKER_NUMBER: number, MADANG_WORKER_FOLDER: folder } = process.env;
  return cluster.isWorker && number !== undefined && folder !== undefined
    ? { number: Number(number), folder }
    : undefined;
}

/**
 * Runs several processes of this program behind one port, each a node of the yard, and replaces those that end.
 * @throws StartError where one process has to do it alone.
 */
export async function startWorkers(config: Config): Promise<void> {
  if (config.database === undefined || config.bus === undefined) {
    throw new StartError(
      `--workers ${config.workers} needs --database postgres://… and --bus redis://… too: a SQLite database is written by one process, and processes hear of each other over the bus.`,
    );
  }
  const logger = createLogger({ level: config.logLevel, pretty: process.stdout.isTTY });
  const folder = mkdtempSync(join(tmpdir(), 'madang-workers-'));
  const workers = new Map<number, Worker>();
  let isStopping = false;

  const fork = (number: number): Worker => {
    const worker = cluster.fork({ MADANG_WORKER_NUMBER: number, MADANG_WORKER_FOLDER: folder });
    workers.set(number, worker);
    worker.once('exit', (code, signal) => {
      workers.delete(number);
      if (isStopping) return;
      logger.error({ worker: number, code, signal }, 'a worker ended; another takes its place');
      setTimeout(() => !isStopping && fork(number), REPLACE_MS);
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

  // The first by itself: it migrates the database, and if it can't start, it says why, and the others need not try.
  const address = await opened(fork(1), () => (isStopping = true));
  await Promise.all(Array.from({ length: config.workers - 1 }, (_, index) => opened(fork(index + 2))));
  logger.info(
    { port: address.port, workers: config.workers },
    `Madang is open at http://${config.host ?? 'localhost'}:${address.port}${config.path ? `${config.path}/` : ''}`,
  );
}

/** Resolves when a worker takes connections. If it ends before, this process ends like it, when `onFailure` was told. */
function opened(worker: Worker, onFailure?: () => void): Promise<AddressInfo> {
  return new Promise((resolve) => {
    const fail = (code: number | null) => {
      if (!onFailure) return;
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
