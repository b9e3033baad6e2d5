import { type Contender, contenders, startContender } from '../lib/contender.ts';
import { closedLoop, settle, sleep } from '../lib/drive.ts';
import { Histogram } from '../lib/histogram.ts';
import { connectLoad } from '../lib/load.ts';
import { watch, type Window } from '../lib/measure.ts';
import type { Bench, Scenario } from '../lib/result.ts';
import { type Measured, takeTurns } from '../lib/rounds.ts';
import { count, medianOf, ms, percent, ratioRow } from '../lib/words.ts';

const ROOM = 10;
const ROOMS = 100;
const IN_FLIGHT = 32;

/** Above this, the generator may be the bottleneck. */
const MAX_GENERATOR_BUSY = 0.9;

interface Figure extends Window {
  perSecond: number;
  usPerAnswer: number;
  p99: number;
}

/** Messages on disk and acknowledged, per second. */
export const durable: Scenario = {
  name: 'durable',
  title: `durable sends, ${IN_FLIGHT} in flight: one room of ${ROOM}, ${ROOMS} rooms of ${ROOM}`,
  run: async (bench) => {
    const { madangSocketIo, madangWs, socketIoSqlite, socketIoAcks } = contenders;
    const peers = { madangSocketIo, socketIoSqlite, socketIoAcks, ...(!bench.quick && { madangWs }) };
    bench.say(' one room');
    const one = await takeTurns(bench, peers, (contender) => measure(contender, 1, bench), words);
    bench.say(` ${ROOMS} rooms`);
    const many = await takeTurns(bench, peers, (contender) => measure(contender, ROOMS, bench), words);
    const row = (what: string, found: typeof one, peer: 'socketIoSqlite' | 'socketIoAcks', limit: number) =>
      ratioRow({
        what: `Durable sends acknowledged a second, ${IN_FLIGHT} in flight, ${what}`,
        ours: found.madangSocketIo,
        peer: found[peer],
        pick: (figure) => figure.perSecond,
        words: count,
        target: limit === 1 ? 'more' : `at least ${limit} times`,
        holds: (ratio) => ratio >= limit,
      });
    return {
      rows: [
        row(`one room of ${ROOM}`, one, 'socketIoSqlite', 8),
        row(`one room of ${ROOM}; the peer stores nothing`, one, 'socketIoAcks', 1),
        row(`${ROOMS} rooms of ${ROOM}`, many, 'socketIoSqlite', 4),
      ],
      raw: { one, many },
      bars: [bars(`One room of ${ROOM}: sends acknowledged a second`, one), bars(`${ROOMS} rooms of ${ROOM}`, many)],
    };
  },
};

async function measure(contender: Contender, rooms: number, bench: Bench): Promise<Figure> {
  const server = await startContender(contender, { people: rooms * ROOM, roomSize: ROOM }, bench.serverCore);
  try {
    const load = await connectLoad(server, rooms === 1 ? 8 : 1);
    const drive = closedLoop(load, IN_FLIGHT, 'answered');
    drive.start();
    await sleep(bench.warmUpSeconds * 1000);
    const latency = new Histogram();
    load.ledger.ackLatency = latency;
    const window = await watch(server, load.ledger, bench);
    drive.stop();
    await settle(load.ledger);
    load.close();
    const figure = {
      ...window,
      perSecond: window.answers / window.seconds,
      usPerAnswer: (window.serverMs * 1000) / window.answers,
      p99: latency.quantile(0.99),
    };
    if (window.generatorBusy > MAX_GENERATOR_BUSY) throw new Error(`the generator was too busy: ${words(figure)}`);
    return figure;
  } finally {
    await server.close();
  }
}

function words(figure: Figure): string {
  return `${count(figure.perSecond)} acknowledged a second, p99 ${ms(figure.p99)}, busy: server ${percent(figure.serverBusy)}, generator ${percent(figure.generatorBusy)}`;
}

function bars(title: string, found: Partial<Record<string, Measured<Figure>>>) {
  return {
    title,
    unit: 'messages',
    bars: Object.entries(found).map(([key, measured]) => ({
      label: measured?.name ?? key,
      value: medianOf(measured, (figure) => figure.perSecond),
      isOurs: key.startsWith('madang'),
    })),
  };
}
