import { type ServerProcess, startServer } from '../lib/children.ts';
import { type Contender, contenders, startContender, type Running } from '../lib/contender.ts';
import { processCpuMs } from '../lib/cpu.ts';
import { closedLoop, settle, sleep } from '../lib/drive.ts';
import { Ledger } from '../lib/ledger.ts';
import { LoadClient } from '../lib/load-client.ts';
import { connectClients } from '../lib/load.ts';
import type { Bench, Scenario } from '../lib/result.ts';
import { takeTurns } from '../lib/rounds.ts';
import { count, limitRow, medianOf, ms } from '../lib/words.ts';
import { copyOf, madangArgs, prepareWorkspace, removeFolder } from '../lib/workspace.ts';
import { crowdOf } from './idle.ts';

const ROOM = 'lobby';
const BEHIND = 100;

/** Ids of calls, out of the range of messages' numbers. */
const CALL_ID = 50_000_000;

/**
 * A client that was refused tries again after about this time, in ms, as clients do; one that is not in after that has
 * failed.
 */
const RETRY_MS = 1000;
const PATIENCE_MS = 60_000;

interface Figure {
  seconds: number;
  /** CPU that it took the server, in seconds. */
  cpuSeconds: number;
  /** How often a client had to try again. */
  retries: number;
  loopP99: number;
  loopMax: number;
}

/** A restart with everybody connected: they reconnect as they were told to, and read what they missed. */
export const storm: Scenario = {
  name: 'storm',
  title: `everybody of one room comes back after a restart, ${BEHIND} messages behind`,
  run: async (bench) => {
    const people = crowdOf(bench);
    const { madangSocketIo, madangWs } = contenders;
    const found = await takeTurns(
      bench,
      { madangSocketIo, ...(!bench.quick && { madangWs }) },
      (contender) => measure(contender, people, bench),
      (figure) =>
        `all back and caught up after ${figure.seconds.toFixed(1)} s with ${figure.retries} retries and ${figure.cpuSeconds.toFixed(1)} s CPU, loop delay p99 ${ms(figure.loopP99)}, max ${ms(figure.loopMax)}`,
    );
    const rows = (transport: string, key: 'madangSocketIo' | 'madangWs') => {
      const what = `${count(people)} clients of one room come back after a restart, ${BEHIND} messages behind, ${transport}`;
      const note = found[key]?.failures[0];
      return [
        limitRow({
          what: `${what}: all caught up`,
          value: medianOf(found[key], (figure) => figure.seconds),
          words: (value) => `${value.toFixed(1)} s`,
          target: 'within 10 s',
          holds: (value) => value <= 10,
          note,
        }),
        limitRow({
          what: `${what}: event loop delay meanwhile, p99`,
          value: medianOf(found[key], (figure) => figure.loopP99),
          words: ms,
          target: 'under 100 ms',
          holds: (value) => value < 100,
          note,
        }),
      ];
    };
    return {
      rows: [...rows('Socket.IO transport', 'madangSocketIo'), ...(found.madangWs ? rows('/ws', 'madangWs') : [])],
      raw: found,
    };
  },
};

async function measure(contender: Contender, people: number, bench: Bench): Promise<Figure> {
  const workspace = await prepareWorkspace({ people }, bench.serverCore);
  const data = copyOf(workspace);
  const places = workspace.tokens.map((token) => ({ token, room: ROOM }));
  const running = (process: ServerProcess): Running => ({ ...process, contender, places, close: () => process.stop() });
  const keeping = { command: { args: madangArgs(data) }, places, close: () => undefined };
  const before = await startContender(
    { ...contender, prepare: () => Promise.resolve(keeping) },
    { people },
    bench.serverCore,
  );
  try {
    const { head, waits } = await comeAndGo(before);
    const after = await startServer(keeping.command, bench.serverCore);
    try {
      await speak(running(after));
      after.watchLoop();
      const cpuMs = processCpuMs(after.pid);
      const back = await comeBack(running(after), head, waits);
      const loop = await after.loopDelay();
      const cpuSeconds = (processCpuMs(after.pid) - cpuMs) / 1000;
      return { ...back, cpuSeconds, loopP99: loop?.p99 ?? Number.NaN, loopMax: loop?.max ?? Number.NaN };
    } finally {
      await after.stop();
    }
  } finally {
    await before.stop();
    removeFolder(data);
  }
}

/** Everybody is connected; the server stops, and tells each client when to reconnect. */
async function comeAndGo(server: Running): Promise<{ head: number; waits: number[] }> {
  const ledger = new Ledger({ clients: server.places.length, senders: [], hearers: () => [] });
  const clients = await connectClients(server, ledger);
  const room = JSON.parse((await clients[0]?.call('room.get', { room: ROOM }, CALL_ID)) ?? '{}') as unknown;
  const head = Number(/"head":(\d+)/.exec(JSON.stringify(room))?.[1]);
  const waits = clients.map(() => 0);
  for (const client of clients) {
    client.onOther = (text) => {
      const told = /"reconnectMs":(\d+)/.exec(text)?.[1];
      if (told !== undefined) waits[client.index] = Number(told);
    };
  }
  await server.stop();
  await sleep(200);
  for (const client of clients) client.close();
  return { head, waits };
}

/** One client that is back first sends what the others will have missed. */
async function speak(server: Running): Promise<void> {
  const ledger = new Ledger({ clients: 1, senders: [0], hearers: () => [0] });
  const [client] = await connectClients({ ...server, places: server.places.slice(0, 1) }, ledger);
  if (!client) return;
  const drive = closedLoop({ ledger, senders: [client] }, 1, 'answered');
  const said = new Promise<void>((resolve) => {
    drive.start();
    const next = ledger.onAnswered;
    ledger.onAnswered = (sender) => {
      if (ledger.answers < BEHIND) next?.(sender);
      else resolve();
    };
  });
  await said;
  drive.stop();
  await settle(ledger);
  client.close();
}

/**
 * Everybody reconnects at the time they were told and syncs. Resolves to the seconds until the last one has everything.
 */
async function comeBack(
  server: Running,
  head: number,
  waits: readonly number[],
): Promise<{ seconds: number; retries: number }> {
  const { places } = server;
  const ledger = new Ledger({ clients: places.length, senders: [], hearers: () => [] });
  const startedAt = performance.now();
  const until = startedAt + PATIENCE_MS;
  let retries = 0;
  const clients = await Promise.all(
    places.map(async (_place, index) => {
      await sleep(waits[index] ?? 0);
      for (;;) {
        try {
          return await catchUp(server, index, { head, ledger });
        } catch (error) {
          if (performance.now() > until || String(error).includes('void')) throw error;
          retries += 1;
          await sleep(RETRY_MS * (0.5 + Math.random()));
        }
      }
    }),
  );
  const seconds = (performance.now() - startedAt) / 1000;
  for (const client of clients) client.close();
  return { seconds, retries };
}

/** One client connects, and reads what it missed. */
async function catchUp(server: Running, index: number, options: { head: number; ledger: Ledger }): Promise<LoadClient> {
  const { port, places, contender } = server;
  const place = places[index] ?? { room: ROOM };
  const client = new LoadClient({ index, port, place, dialect: contender.dialect, listener: options.ledger });
  await client.ready;
  const answer = await client.call('sync', { cursors: { [ROOM]: options.head } }, CALL_ID);
  const missed = answer.match(/"text":"~~/g)?.length ?? 0;
  if (missed !== BEHIND) throw new Error(`void: client ${index} read ${missed} of ${BEHIND} missed messages`);
  return client;
}
