import { bunProgram, type Contender, contenders, startContender } from '../lib/contender.ts';
import { openLoop, settle, sleep } from '../lib/drive.ts';
import { Histogram } from '../lib/histogram.ts';
import { connectLoad } from '../lib/load.ts';
import { watch, type Window } from '../lib/measure.ts';
import type { Bench, Row, Scenario } from '../lib/result.ts';
import { type Measured, takeTurns } from '../lib/rounds.ts';
import { count, limitRow, medianOf, ms, percent } from '../lib/words.ts';

const PEOPLE = 500;
const OFFERED = 400_000;
const OFFERED_TO_SOCKET_IO = 200_000;
const LIMIT_MS = 25;

/** The share of offered deliveries that must have arrived within the measured time. */
const SUSTAINED = 0.99;

interface Figure extends Window {
  /** The share of offered deliveries that arrived within the measured time. */
  share: number;
  p99: number;
}

/** Messages are sent whether the server keeps up or not. */
export const openLoopRoom: Scenario = {
  name: 'open-loop',
  title: `open loop: ${count(OFFERED)} deliveries a second offered to a room of ${PEOPLE}`,
  run: async (bench) => {
    const { madangSocketIo, madangWs, ws, bun, socketIo } = contenders;
    const found = await takeTurns(
      bench,
      {
        madangSocketIo,
        madangWs,
        socketIo,
        ...(!bench.quick && { ws }),
        ...(!bench.quick && bunProgram() !== undefined && { bun }),
      },
      (contender) => measure(contender, contender === socketIo ? OFFERED_TO_SOCKET_IO : OFFERED, bench),
      (figure) =>
        `${percent(figure.share)} of what was offered, p99 ${ms(figure.p99)}, busy: server ${percent(figure.serverBusy)}, generator ${percent(figure.generatorBusy)}`,
    );
    return {
      rows: [...rows('Socket.IO transport', found.madangSocketIo, found), ...rows('/ws', found.madangWs, found)],
      raw: found,
    };
  },
};

function rows(
  transport: string,
  ours: Measured<Figure> | undefined,
  found: Partial<Record<string, Measured<Figure>>>,
): Row[] {
  const what = `Open loop, ${count(OFFERED)} deliveries a second offered to a room of ${PEOPLE}, ${transport}`;
  const beside = (['socketIo', 'ws', 'bun'] as const)
    .filter((key) => (found[key]?.rounds.length ?? 0) > 0)
    .map((key) => {
      const offered = key === 'socketIo' ? ` (of ${count(OFFERED_TO_SOCKET_IO)})` : '';
      return `${found[key]?.name}${offered}: ${percent(medianOf(found[key], (figure) => figure.share))}, ${ms(medianOf(found[key], (figure) => figure.p99))}`;
    })
    .join('; ');
  const note = ours?.failures[0];
  return [
    limitRow({
      what: `${what}: delivered`,
      value: medianOf(ours, (figure) => figure.share),
      words: percent,
      beside,
      target: 'sustained',
      holds: (share) => share >= SUSTAINED,
      note,
    }),
    limitRow({
      what: `${what}: delivery time, p99`,
      value: medianOf(ours, (figure) => figure.p99),
      words: ms,
      target: `under ${LIMIT_MS} ms`,
      holds: (p99) => p99 < LIMIT_MS,
      note,
    }),
  ];
}

async function measure(contender: Contender, offered: number, bench: Bench): Promise<Figure> {
  const server = await startContender(contender, { people: PEOPLE }, bench.serverCore);
  try {
    const load = await connectLoad(server, 8, 4096);
    const drive = openLoop(load, offered / PEOPLE);
    drive.start();
    await sleep(bench.warmUpSeconds * 1000);
    const latency = new Histogram();
    load.ledger.latency = latency;
    const window = await watch(server, load.ledger, bench);
    drive.stop();
    const figure = {
      ...window,
      share: window.deliveries / window.seconds / offered,
      p99: latency.quantile(0.99),
    };
    // A server that fell behind may take long to catch up; its result is already known.
    if (figure.share >= SUSTAINED) await settle(load.ledger);
    load.close();
    return figure;
  } finally {
    await server.close();
  }
}
