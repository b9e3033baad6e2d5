import { readFileSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';
import { expect, test, vi } from 'vitest';
import { startPostgres } from '../support/postgres.ts';
import { startRedis } from '../support/redis.ts';
import { startServer } from '../support/start-server.ts';

// Each test starts PostgreSQL, Redis and several servers, which takes long on a busy machine.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

/** A visitor's connection to one of the workers, kept for all of its requests. */
class Connection implements Disposable {
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 1 });
  readonly #url: string;

  constructor(url: string) {
    this.#url = url;
  }

  /** A request of Engine.IO's long polling. */
  ask(method: 'GET' | 'POST', sid?: string, body?: string): Promise<string> {
    const query = `EIO=4&transport=polling${sid === undefined ? '' : `&sid=${sid}`}`;
    return new Promise((resolve, reject) => {
      const asked = request(`${this.#url}/socket.io/?${query}`, { method, agent: this.#agent }, (answer) => {
        let text = '';
        answer.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
        answer.on('end', () => resolve(`${answer.statusCode} ${text}`));
        answer.on('error', reject);
      });
      asked.on('error', reject).end(body);
    });
  }

  /** Begins a session at the worker that has this connection. */
  async begin(): Promise<string> {
    const sid = /"sid":"([^"]+)"/.exec(await this.ask('GET'))?.[1];
    if (sid === undefined) throw new Error('no session');
    return sid;
  }

  [Symbol.dispose](): void {
    this.#agent.destroy();
  }
}

/** The workers' processes, by the prefix of their session ids. */
function workersOf(pid: number): Map<string, number> {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').map(Number);
  return new Map(
    children.map((child) => {
      const number = /MADANG_WORKER_NUMBER=(\d+)/.exec(readFileSync(`/proc/${child}/environ`, 'utf8'))?.[1];
      return [`w${number}`, child];
    }),
  );
}

/** The process that has a session. */
function workerOf(sid: string, workers: Map<string, number>): number {
  const pid = workers.get(sid.split('-')[0] ?? '');
  if (pid === undefined) throw new Error(`No worker has ${sid}`);
  return pid;
}

test('a request never uses a connection between workers that the other worker has just closed', async () => {
  await using postgres = await startPostgres();
  await using redis = await startRedis();
  const flags = ['--database', await postgres.newDatabase(), '--bus', redis.url, '--workers', '2'];
  await using server = await startServer({ flags });
  const workers = workersOf(server.pid());
  using own = new Connection(server.url);
  const sid = await own.begin();
  const owner = workerOf(sid, workers);
  // The workers get connections in turn.
  using first = new Connection(server.url);
  using second = new Connection(server.url);
  const handing = [workerOf(await first.begin(), workers), workerOf(await second.begin(), workers)];
  const index = handing.findIndex((pid) => pid !== owner);
  const elsewhere = [first, second][index] as Connection;
  const other = handing[index] as number;

  // For the owner, the connection between the two has been idle 2.5 s longer than for the other worker.
  process.kill(owner, 'SIGSTOP');
  const joined = elsewhere.ask('POST', sid, '40');
  await pause(500);
  process.kill(other, 'SIGSTOP');
  process.kill(owner, 'SIGCONT');
  await pause(2500);
  process.kill(other, 'SIGCONT');
  expect(await joined).toBe('200 ok');
  // A Node server closes it after 5 or 6 s unless told otherwise. The other worker is busy at that moment, and finds a
  // request to pass on before it finds that the connection is gone.
  await pause(2000);
  process.kill(other, 'SIGSTOP');
  const handed = elsewhere.ask('POST', sid, '3');
  await pause(2200);
  process.kill(other, 'SIGCONT');
  expect(await handed).toBe('200 ok');
  expect(await server.stop()).toBe(0);
});
