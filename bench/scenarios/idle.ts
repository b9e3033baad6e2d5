import { type Contender, contenders, type Running, startContender } from '../lib/contender.ts';
import { processCpuMs, processMemory } from '../lib/cpu.ts';
import { sleep } from '../lib/drive.ts';
import type { LoadClient, LoadListener } from '../lib/load-client.ts';
import { connectClients } from '../lib/load.ts';
import type { Bench, Scenario } from '../lib/result.ts';
import { takeTurns } from '../lib/rounds.ts';
import { count, ratioRow } from '../lib/words.ts';

interface Figure {
  /** Bytes for each connection, once garbage is collected, and as it stood before. */
  collected: number;
  asItStood: number;
  /** The first time that everyone comes, and the second. */
  first: Connecting;
  again: Connecting;
  /** The event loop's delay while they came again. */
  loopP99: number;
}

interface Connecting {
  perSecond: number;
  cpuMs: number;
}

const deaf: LoadListener = { delivered: () => undefined, answered: () => undefined };

/** Many who come, and then say nothing: what a coming costs, and what each one's staying does. */
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
    const memory = (door: string, ours: 'madangSocketIo' | 'madangWs', peer: 'socketIo' | 'ws', limit: number) =>
      ratioRow({
        what: `Memory of an idle connection, ${count(people)} clients, ${door}`,
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
        memory('Socket.IO door', 'madangSocketIo', 'socketIo', 0.8),
        memory('/ws', 'madangWs', 'ws', 1.1),
        ratioRow({
          ...coming,
          what: 'Server CPU for a connect, session check included, Socket.IO door',
          pick: (figure) => figure.again.cpuMs,
          words: (value) => `${value.toFixed(3)} ms`,
          target: 'at most 1.3',
          holds: (ratio) => ratio <= 1.3,
        }),
        ratioRow({
          ...coming,
          what: 'Connects a second, session check included, Socket.IO door',
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

/** How many people a crowd is. */
export function crowdOf(bench: Bench): number {
  return bench.quick ? 2000 : 10_000;
}

async function measure(contender: Contender, people: number, bench: Bench): Promise<Figure> {
  const server = await startContender(contender, { people }, bench.serverCore);
  try {
    await sleep(500);
    await server.collectGarbage();
    const empty = processMemory(server.pid).pss;
    const first = await connecting(server);
    for (const client of first.clients) client.close();
    await sleep(1000);
    server.watchLoop();
    const again = await connecting(server);
    const loop = await server.loopDelay();
    await sleep(bench.quick ? 1000 : 5000);
    const asItStood = processMemory(server.pid).pss;
    await server.collectGarbage();
    await sleep(500);
    const collected = processMemory(server.pid).pss;
    for (const client of again.clients) client.close();
    return {
      collected: (collected - empty) / people,
      asItStood: (asItStood - empty) / people,
      first: first.figure,
      again: again.figure,
      loopP99: loop?.p99 ?? Number.NaN,
    };
  } finally {
    await server.close();
  }
}

async function connecting(server: Running): Promise<{ clients: LoadClient[]; figure: Connecting }> {
  const before = { at: performance.now(), cpuMs: processCpuMs(server.pid) };
  const clients = await connectClients(server, deaf);
  const seconds = (performance.now() - before.at) / 1000;
  const cpuMs = processCpuMs(server.pid) - before.cpuMs;
  return { clients, figure: { perSecond: clients.length / seconds, cpuMs: cpuMs / clients.length } };
}

function kib(bytes: number): string {
  return `${(bytes / 1024).toFixed(1)} KiB`;
}
