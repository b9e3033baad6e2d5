import { type Contender, contenders, type Running, startContender } from '../lib/contender.ts';
import { processCpuMs, processMemory } from '../lib/cpu.ts';
import { sleep } from '../lib/drive.ts';
import type { LoadClient, LoadListener } from '../lib/load-client.ts';
import { connectClients } from '../lib/load.ts';
import type { Bench, Scenario } from '../lib/result.ts';
import { takeTurns } from '../lib/rounds.ts';
import { count, ratioRow } from '../lib/words.ts';

interface Figure {
  /** Bytes per connection, after collecting garbage and before. */
  collected: number;
  asItStood: number;
  /** The first time that everybody connects, and the third. */
  first: Connecting;
  again: Connecting;
  /** The event loop's delay while they connected again. */
  loopP99: number;
}

interface Connecting {
  perSecond: number;
  cpuMs: number;
}

/** After this many collections, with a pause in ms after each, V8 frees nothing more. */
const COLLECTIONS = 6;
const COLLECTION_PAUSE = 700;

/**
 * For memory, every Node server gets a small young generation: V8 sizes it by recent activity, up to 16 MiB for each of
 * its halves, which at 10,000 clients is 3 KiB per client that belongs to none of them.
 */
const SMALL_YOUNG_GENERATION = ['--min-semi-space-size=1', '--max-semi-space-size=1'];

const deaf: LoadListener = { delivered: () => undefined, answered: () => undefined };

/** Many users connect, and then stay silent: the cost of a connect, and of each idle connection. */
export const idle: Scenario = {
  name: 'idle',
  title: 'many idle connections: memory of each, and what connecting costs',
  run: async (bench) => {
    const people = crowdOf(bench);
    const { madangSocketIo, socketIo, madangWs, ws } = contenders;
    const found = await takeTurns(
      bench,
      { madangSocketIo, socketIo, madangWs, ws },
      (contender) => measure(contender, people, bench),
      (figure) =>
        `${kib(figure.collected)} a connection (${kib(figure.asItStood)} before collecting); ${count(figure.again.perSecond)} connects a second, ${figure.again.cpuMs.toFixed(3)} ms CPU each (the first time ${figure.first.cpuMs.toFixed(3)})`,
    );
    const memory = (transport: string, ours: 'madangSocketIo' | 'madangWs', peer: 'socketIo' | 'ws', limit: number) =>
      ratioRow({
        what: `Memory of an idle connection, ${count(people)} clients, ${transport}`,
        ours: found[ours],
        peer: found[peer],
        pick: (figure) => figure.collected,
        words: kib,
        target: `at most ${limit}`,
        holds: (ratio) => ratio <= limit,
      });
    const coming = { ours: found.madangSocketIo, peer: found.socketIo };
    return {
      rows: [
        memory('Socket.IO transport', 'madangSocketIo', 'socketIo', 0.8),
        memory('/ws', 'madangWs', 'ws', 1.1),
        ratioRow({
          ...coming,
          what: 'Server CPU for a connect, session check included, Socket.IO transport',
          pick: (figure) => figure.again.cpuMs,
          words: (value) => `${value.toFixed(3)} ms`,
          target: 'at most 1.3',
          holds: (ratio) => ratio <= 1.3,
        }),
        ratioRow({
          ...coming,
          what: 'Connects a second, session check included, Socket.IO transport',
          pick: (figure) => figure.again.perSecond,
          words: count,
          target: 'at least 1/1.3',
          holds: (ratio) => ratio >= 1 / 1.3,
        }),
      ],
      raw: found,
    };
  },
};

/** The number of users in a crowd. */
export function crowdOf(bench: Bench): number {
  return bench.quick ? 2000 : 10_000;
}

async function measure(contender: Contender, people: number, bench: Bench): Promise<Figure> {
  return { ...(await measureMemory(contender, people, bench)), ...(await measureConnecting(contender, people, bench)) };
}

async function measureMemory(contender: Contender, people: number, bench: Bench) {
  const server = await startContender(contender, { people }, bench.serverCore, SMALL_YOUNG_GENERATION);
  try {
    // Once some clients have connected and left, the server has allocated what it needs only once.
    await leave((await connecting(server, people / 10)).clients, bench);
    const empty = await memoryAtRest(server);
    const { clients } = await connecting(server, people);
    await sleep(bench.quick ? 1000 : 5000);
    const asItStood = processMemory(server.pid).pss;
    const collected = await memoryAtRest(server);
    for (const client of clients) client.close();
    return { collected: (collected - empty) / people, asItStood: (asItStood - empty) / people };
  } finally {
    await server.close();
  }
}

async function measureConnecting(contender: Contender, people: number, bench: Bench) {
  const server = await startContender(contender, { people }, bench.serverCore);
  try {
    const first = await connecting(server, people);
    await leave(first.clients, bench);
    if (!bench.quick) await leave((await connecting(server, people)).clients, bench);
    server.watchLoop();
    const again = await connecting(server, people);
    const loop = await server.loopDelay();
    for (const client of again.clients) client.close();
    return { first: first.figure, again: again.figure, loopP99: loop?.p99 ?? Number.NaN };
  } finally {
    await server.close();
  }
}

/** Users who left are remembered for a few seconds. */
async function leave(clients: LoadClient[], bench: Bench): Promise<void> {
  for (const client of clients) client.close();
  await sleep(bench.quick ? 1000 : 6000);
}

/** What a server holds after collecting garbage, less the empty pages of its heap. */
async function memoryAtRest(server: Running): Promise<number> {
  let emptyPages = 0;
  for (let each = 0; each < COLLECTIONS; each += 1) {
    ({ emptyPages } = await server.collectGarbage());
    await sleep(COLLECTION_PAUSE);
  }
  return processMemory(server.pid).pss - emptyPages;
}

/** Connects this many users. */
async function connecting(server: Running, people: number): Promise<{ clients: LoadClient[]; figure: Connecting }> {
  const before = { at: performance.now(), cpuMs: processCpuMs(server.pid) };
  const clients = await connectClients({ ...server, places: server.places.slice(0, people) }, deaf);
  const seconds = (performance.now() - before.at) / 1000;
  const cpuMs = processCpuMs(server.pid) - before.cpuMs;
  return { clients, figure: { perSecond: clients.length / seconds, cpuMs: cpuMs / clients.length } };
}

function kib(bytes: number): string {
  return `${(bytes / 1024).toFixed(1)} KiB`;
}
