import type { LoopDelay } from '../lib/children.ts';
import { bunProgram, type Contender, contenders, startContender } from '../lib/contender.ts';
import { hasInspircd } from '../lib/inspircd.ts';
import { closedLoop, settle, sleep } from '../lib/drive.ts';
import { connectLoad } from '../lib/load.ts';
import { watch, type Window } from '../lib/measure.ts';
import type { Bench, Result, Scenario } from '../lib/result.ts';
import { type Measured, takeTurns } from '../lib/rounds.ts';
import { count, limitRow, medianOf, percent, ratioRow } from '../lib/words.ts';

const PEOPLE = 500;
const SENDERS = 8;

/** Messages in flight; `BENCH_IN_FLIGHT` tries another number. */
const IN_FLIGHT = Number(process.env['BENCH_IN_FLIGHT'] ?? 64);

/**
 * The most idle time of the server's core for it to count as saturated. Waiting for its own disk is not idle: then the
 * server is what is slow.
 */
const MAX_IDLE = 0.15;

interface Figure extends Window {
  usPerDelivery: number;
  bytesPerDelivery: number;
  perSecond: number;
  loop: LoopDelay | undefined;
}

/** A room of 500, with as many messages as the server can handle: the cost of a delivery. */
export const saturated: Scenario = {
  name: 'saturated',
  title: `a room of ${PEOPLE}, saturated, ${IN_FLIGHT} messages in flight`,
  run: async (bench) => {
    const { madangSocketIo, socketIo, madangWs, ws, bun, inspircd, rawJoined, raw } = contenders;
    const found = await takeTurns(
      bench,
      {
        madangSocketIo,
        socketIo,
        madangWs,
        ws,
        ...(bunProgram() !== undefined && { bun }),
        ...(hasInspircd() && { inspircd }),
        rawJoined,
        raw,
      },
      (contender) => measure(contender, bench),
      words,
    );
    return summary(found);
  },
};

async function measure(contender: Contender, bench: Bench): Promise<Figure> {
  const server = await startContender(contender, { people: PEOPLE }, bench.serverCore);
  try {
    const load = await connectLoad(server, SENDERS);
    const drive = closedLoop(load, IN_FLIGHT, 'heard');
    drive.start();
    await sleep(bench.warmUpSeconds * 1000);
    server.watchLoop();
    const window = await watch(server, load.ledger, bench);
    const loop = await server.loopDelay();
    drive.stop();
    await settle(load.ledger);
    load.close();
    const figure = {
      ...window,
      loop,
      usPerDelivery: (window.serverMs * 1000) / window.deliveries,
      bytesPerDelivery: window.bytes / window.deliveries,
      perSecond: window.deliveries / window.seconds,
    };
    if (window.serverCoreIdle > MAX_IDLE) throw new Error(`the server was not saturated: ${words(figure)}`);
    return figure;
  } finally {
    await server.close();
  }
}

function words(figure: Figure): string {
  return [
    `${figure.usPerDelivery.toFixed(3)} µs a delivery`,
    `${count(figure.perSecond)}/s`,
    `${Math.round(figure.bytes / figure.deliveries)} bytes each, ${(figure.deliveries / figure.reads).toFixed(1)} to a read`,
    `busy: server ${percent(figure.serverBusy)}, generator ${percent(figure.generatorBusy)}`,
    `server's core idle ${percent(figure.serverCoreIdle)}, waiting for the disk ${percent(figure.serverDiskWait)}`,
    ...(figure.loop ? [`loop delay p99 ${figure.loop.p99.toFixed(1)} ms`] : []),
  ].join(', ');
}

type Found = Partial<Record<string, Measured<Figure>>>;

function summary(found: Found): Result {
  const row = (transport: string, ours: string, peer: string, limit: number) =>
    ratioRow({
      what: `Room of ${PEOPLE}, saturated: server CPU for a delivery, ${transport}`,
      ours: found[ours],
      peer: found[peer],
      pick: (figure) => figure.usPerDelivery,
      words: (value) => `${value.toFixed(3)} µs`,
      target: limit < 1 ? `at most 1/${Math.round(1 / limit)}` : `at most ${limit}`,
      holds: (ratio) => ratio <= limit,
    });
  const loopRow = (transport: string, key: string) =>
    limitRow({
      what: `Event loop delay meanwhile, p99, ${transport}`,
      value: medianOf(found[key], (figure) => figure.loop?.p99 ?? Number.NaN),
      words: (value) => `${value.toFixed(1)} ms`,
      target: 'under 20 ms',
      holds: (value) => value < 20,
    });
  return {
    rows: [
      row('Socket.IO transport', 'madangSocketIo', 'socketIo', 1 / 20),
      row('/ws', 'madangWs', 'ws', 1 / 15),
      row('/ws', 'madangWs', 'bun', 1.5),
      loopRow('Socket.IO transport', 'madangSocketIo'),
      loopRow('/ws', 'madangWs'),
    ],
    raw: found,
    bars: [
      {
        title: `Room of ${PEOPLE}, saturated: deliveries for a second of server CPU`,
        unit: 'deliveries',
        bars: Object.entries(found).map(([key, measured]) => ({
          label: measured?.name ?? key,
          value: 1e6 / medianOf(measured, (figure) => figure.usPerDelivery),
          isOurs: key.startsWith('madang'),
        })),
      },
    ],
  };
}
