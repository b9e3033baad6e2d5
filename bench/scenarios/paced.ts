import { type Contender, contenders, startContender } from '../lib/contender.ts';
import { openLoop, settle, sleep, warmUp } from '../lib/drive.ts';
import { Histogram } from '../lib/histogram.ts';
import { connectLoad } from '../lib/load.ts';
import { watch, type Window } from '../lib/measure.ts';
import type { Bench, Row, Scenario } from '../lib/result.ts';
import { type Measured, takeTurns } from '../lib/rounds.ts';
import { ms, percent, ratioRow } from '../lib/words.ts';

const PEOPLE = 500;
const DELIVERIES_PER_SECOND = 20_000;

interface Figure extends Window {
  usPerDelivery: number;
  p50: number;
  p99: number;
}

/** An ordinary busy room: one message at a time, so that nothing can be joined. */
export const paced: Scenario = {
  name: 'paced',
  title: `a room of ${PEOPLE}, ${DELIVERIES_PER_SECOND} deliveries a second, one message at a time`,
  run: async (bench) => {
    const { madangSocketIo, socketIo, madangWs, ws } = contenders;
    const found = await takeTurns(
      bench,
      { madangSocketIo, socketIo, madangWs, ws },
      (contender) => measure(contender, bench),
      (figure) =>
        `${figure.usPerDelivery.toFixed(2)} µs a delivery, p50 ${ms(figure.p50)}, p99 ${ms(figure.p99)}, busy: server ${percent(figure.serverBusy)}, generator ${percent(figure.generatorBusy)}`,
    );
    const { madangSocketIo: ourSocketIo, madangWs: ourWs, socketIo: theirSocketIo, ws: theirWs } = found;
    return {
      rows: [...rows('Socket.IO transport', ourSocketIo, theirSocketIo, 0.65), ...rows('/ws', ourWs, theirWs, 1)],
      raw: found,
    };
  },
};

async function measure(contender: Contender, bench: Bench): Promise<Figure> {
  const server = await startContender(contender, { people: PEOPLE }, bench.serverCore);
  try {
    const load = await connectLoad(server, 4);
    await warmUp(load, bench.warmUpSeconds);
    const drive = openLoop(load, DELIVERIES_PER_SECOND / PEOPLE);
    drive.start();
    await sleep(1000);
    const latency = new Histogram();
    load.ledger.latency = latency;
    const window = await watch(server, load.ledger, bench);
    drive.stop();
    await settle(load.ledger);
    load.close();
    return {
      ...window,
      usPerDelivery: (window.serverMs * 1000) / window.deliveries,
      p50: latency.quantile(0.5),
      p99: latency.quantile(0.99),
    };
  } finally {
    await server.close();
  }
}

function rows(
  transport: string,
  ours: Measured<Figure> | undefined,
  peer: Measured<Figure> | undefined,
  limit: number,
): Row[] {
  const what = `Room of ${PEOPLE}, ${DELIVERIES_PER_SECOND.toLocaleString('en')} deliveries a second one by one, ${transport}`;
  return [
    ratioRow({
      what: `${what}: server CPU for a delivery`,
      ours,
      peer,
      pick: (figure) => figure.usPerDelivery,
      words: (value) => `${value.toFixed(2)} µs`,
      target: `at most ${limit}`,
      holds: (ratio) => ratio <= limit,
    }),
    ratioRow({
      what: `${what}: delivery time, p99`,
      ours,
      peer,
      pick: (figure) => figure.p99,
      words: ms,
      target: 'no worse',
      holds: (ratio) => ratio <= 1,
    }),
  ];
}
