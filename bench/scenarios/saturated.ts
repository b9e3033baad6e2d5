import type { LoopDelay } from '../lib/children.ts';
import { bunProgram, type Contender, contenders, startContender } from '../lib/contender.ts';
import { closedLoop, settle, sleep } from '../lib/drive.ts';
import { connectLoad } from '../lib/load.ts';
import { watch, type Window } from '../lib/measure.ts';
import type { Bench, Result, Row, Scenario } from '../lib/result.ts';
import { type Measured, takeTurns } from '../lib/rounds.ts';
import { median } from '../lib/stats.ts';

const PEOPLE = 500;
const SENDERS = 8;
const IN_FLIGHT = Number(process.env['BENCH_IN_FLIGHT'] ?? 64);

/** What of the server's core may be idle for it to count as saturated. */
const MAX_IDLE = 0.1;

interface Figure extends Window {
  usPerDelivery: number;
  perSecond: number;
  loop: LoopDelay | undefined;
}

/** A room of 500, as many messages as the server can carry: what a delivery costs it. */
export const saturated: Scenario = {
  name: 'saturated',
  title: `A room of ${PEOPLE}, saturated, ${IN_FLIGHT} messages in flight`,
  run: async (bench) => {
    const { madangSocketIo, socketIo, madangWs, ws, bun, rawJoined, raw } = contenders;
    const found = await takeTurns(
      bench,
      { madangSocketIo, socketIo, madangWs, ws, ...(bunProgram() !== undefined && { bun }), rawJoined, raw },
      (contender) => measure(contender, bench),
      (figure) => words(figure),
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
    const window = await watch(server, load.ledger, { seconds: bench.seconds, serverCore: bench.serverCore });
    const loop = contender === contenders.bun ? undefined : await server.loopDelay();
    drive.stop();
    await settle(load.ledger);
    load.close();
    const figure = {
      ...window,
      loop,
      usPerDelivery: (window.serverMs * 1000) / window.deliveries,
      perSecond: window.deliveries / window.seconds,
    };
    if (window.serverCoreIdle > MAX_IDLE) {
      throw new Error(`the server was not saturated, its core was idle for ${percent(window.serverCoreIdle)} (${words(figure)})`);
    }
    return figure;
  } finally {
    await server.close();
  }
}

function words(figure: Figure): string {
  return [
    `${figure.usPerDelivery.toFixed(3)} µs a delivery`,
    `${Math.round(figure.perSecond).toLocaleString('en')}/s`,
    `busy: server ${percent(figure.serverBusy)}, generator ${percent(figure.generatorBusy)}, server's core idle ${percent(figure.serverCoreIdle)}`,
    ...(figure.loop ? [`loop delay p99 ${figure.loop.p99.toFixed(1)} ms`] : []),
  ].join(', ');
}

function percent(share: number): string {
  return `${Math.round(share * 100)} %`;
}

type Found = Partial<Record<string, Measured<Figure>>>;

function summary(found: Found): Result {
  const cost = (key: string) => median(found[key]?.rounds.map((each) => each.usPerDelivery) ?? []);
  const row = (what: string, ours: string, peer: string, limit: number): Row => {
    const [mine, theirs] = [cost(ours), cost(peer)];
    const ratio = mine / theirs;
    const isMeasured = !Number.isNaN(ratio);
    return {
      what,
      madang: `${mine.toFixed(3)} µs`,
      beside: `${found[peer]?.name ?? peer}: ${theirs.toFixed(3)} µs`,
      target: limit < 1 ? `at most 1/${Math.round(1 / limit)}` : `at most ${limit}`,
      ...(isMeasured && { ratio }),
      reached: isMeasured ? ratio <= limit : undefined,
      ...(!isMeasured && { note: found[peer] ? (found[ours]?.failures[0] ?? found[peer].failures[0] ?? '') : 'not there' }),
    };
  };
  const loopRow = (what: string, key: string): Row => {
    const p99 = median(found[key]?.rounds.flatMap((each) => (each.loop ? [each.loop.p99] : [])) ?? []);
    const isMeasured = !Number.isNaN(p99);
    return {
      what,
      madang: `${p99.toFixed(1)} ms`,
      beside: '',
      target: 'under 20 ms',
      reached: isMeasured ? p99 < 20 : undefined,
    };
  };
  const cpu = 'Room of 500, saturated: server CPU for a delivery';
  return {
    rows: [
      row(`${cpu}, Socket.IO door`, 'madangSocketIo', 'socketIo', 1 / 20),
      row(`${cpu}, /ws`, 'madangWs', 'ws', 1 / 15),
      row(`${cpu}, /ws`, 'madangWs', 'bun', 1.5),
      loopRow('Event loop delay meanwhile, p99, Socket.IO door', 'madangSocketIo'),
      loopRow('Event loop delay meanwhile, p99, /ws', 'madangWs'),
    ],
    raw: found,
    bars: [
      {
        title: 'Room of 500, saturated: deliveries for a second of server CPU',
        unit: 'deliveries',
        bars: Object.entries(found).map(([key, measured]) => ({
          label: measured?.name ?? key,
          value: 1e6 / cost(key),
          isOurs: key.startsWith('madang'),
        })),
      },
    ],
  };
}
