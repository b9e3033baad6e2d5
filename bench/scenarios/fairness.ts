import { type Contender, contenders, startContender } from '../lib/contender.ts';
import { closedLoop, openLoop, settle, sleep } from '../lib/drive.ts';
import { Histogram } from '../lib/histogram.ts';
import { connectLoad } from '../lib/load.ts';
import { watch } from '../lib/measure.ts';
import type { Bench, Scenario } from '../lib/result.ts';
import { takeTurns } from '../lib/rounds.ts';
import { limitRow, medianOf, ms, percent } from '../lib/words.ts';

const BUSY_ROOM = 500;
const IN_FLIGHT = 64;
const LONE_PER_SECOND = 20;
const LIMIT_MS = 50;

interface Figure {
  p50: number;
  p99: number;
  max: number;
  serverBusy: number;
}

/** Two users in a room of their own, while another room is as busy as possible. */
export const fairness: Scenario = {
  name: 'fairness',
  title: `a lone message in a room of 2 while a room of ${BUSY_ROOM} is saturated`,
  run: async (bench) => {
    const { madangSocketIo, madangWs, socketIo, ws } = contenders;
    const found = await takeTurns(
      bench,
      { madangSocketIo, madangWs, ...(!bench.quick && { socketIo, ws }) },
      (contender) => measure(contender, bench),
      (figure) =>
        `p50 ${ms(figure.p50)}, p99 ${ms(figure.p99)}, max ${ms(figure.max)}, server busy ${percent(figure.serverBusy)}`,
    );
    const row = (transport: string, ours: 'madangSocketIo' | 'madangWs', peer: 'socketIo' | 'ws') =>
      limitRow({
        what: `A lone message in another room while a room of ${BUSY_ROOM} is saturated: delivery time, p99, ${transport}`,
        value: medianOf(found[ours], (figure) => figure.p99),
        words: ms,
        ...(found[peer] && { beside: `${found[peer].name}: ${ms(medianOf(found[peer], (figure) => figure.p99))}` }),
        target: `not starved: under ${LIMIT_MS} ms`,
        holds: (p99) => p99 < LIMIT_MS,
        note: found[ours]?.failures[0],
      });
    return {
      rows: [row('Socket.IO transport', 'madangSocketIo', 'socketIo'), row('/ws', 'madangWs', 'ws')],
      raw: found,
    };
  },
};

async function measure(contender: Contender, bench: Bench): Promise<Figure> {
  const plan = { people: BUSY_ROOM + 2, roomSize: BUSY_ROOM };
  const server = await startContender(contender, plan, bench.serverCore);
  try {
    const busy = await connectLoad({ ...server, places: server.places.slice(0, BUSY_ROOM) }, 8);
    const lone = await connectLoad({ ...server, places: server.places.slice(BUSY_ROOM) }, 1);
    const crowd = closedLoop(busy, IN_FLIGHT, 'heard');
    const voice = openLoop(lone, LONE_PER_SECOND);
    crowd.start();
    await sleep(bench.warmUpSeconds * 1000);
    const latency = new Histogram();
    lone.ledger.latency = latency;
    voice.start();
    const window = await watch(server, busy.ledger, bench);
    voice.stop();
    crowd.stop();
    await settle(busy.ledger);
    await settle(lone.ledger);
    busy.close();
    lone.close();
    return {
      p50: latency.quantile(0.5),
      p99: latency.quantile(0.99),
      max: latency.max,
      serverBusy: window.serverBusy,
    };
  } finally {
    await server.close();
  }
}
