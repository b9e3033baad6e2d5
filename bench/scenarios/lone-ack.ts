import Database from 'better-sqlite3';
import { join } from 'node:path';
import { type Contender, contenders, startContender } from '../lib/contender.ts';
import { settle, sleep, warmUp } from '../lib/drive.ts';
import { Histogram } from '../lib/histogram.ts';
import { connectLoad } from '../lib/load.ts';
import { markedText } from '../lib/marker.ts';
import type { Bench, Scenario } from '../lib/result.ts';
import { takeTurns } from '../lib/rounds.ts';
import { limitRow, medianOf, ms } from '../lib/words.ts';
import { removeFolder, workFolder } from '../lib/workspace.ts';

/** Pause between two sends, in ms, in which everything comes to rest. */
const PAUSE = 20;

/** What an acknowledgement may take beyond the disk's own commit, in ms. */
const ALLOWED = 2;

interface Figure {
  p50: number;
  p99: number;
  /** Commits of one row on the same disk, alternating with the sends. */
  diskP50: number;
  diskP99: number;
}

/** One message on an otherwise idle server: it must not wait for a timer or for other messages. */
export const loneAck: Scenario = {
  name: 'lone-ack',
  title: 'the acknowledgement of a lone send on an idle server',
  run: async (bench) => {
    const { madangSocketIo, madangWs } = contenders;
    const found = await takeTurns(
      bench,
      { madangSocketIo, madangWs },
      (contender) => measure(contender, bench),
      (figure) =>
        `p50 ${ms(figure.p50)}, p99 ${ms(figure.p99)}; a commit of the disk: p50 ${ms(figure.diskP50)}, p99 ${ms(figure.diskP99)}`,
    );
    const row = (transport: string, key: 'madangSocketIo' | 'madangWs') => {
      const disk = medianOf(found[key], (figure) => figure.diskP99);
      return limitRow({
        what: `Acknowledgement of a lone send, idle server, p99, ${transport}`,
        value: medianOf(found[key], (figure) => figure.p99),
        words: ms,
        beside: `a commit of the disk, p99: ${ms(disk)}`,
        target: `at most a commit and ${ALLOWED} ms`,
        holds: (value) => value <= disk + ALLOWED,
        note: found[key]?.failures[0],
      });
    };
    return { rows: [row('Socket.IO transport', 'madangSocketIo'), row('/ws', 'madangWs')], raw: found };
  },
};

async function measure(contender: Contender, bench: Bench): Promise<Figure> {
  const sends = bench.quick ? 50 : 400;
  const server = await startContender(contender, { people: 10, roomSize: 10 }, bench.serverCore);
  const disk = openDisk();
  try {
    const load = await connectLoad(server, 1);
    await warmUp(load, bench.warmUpSeconds);
    const { ledger, senders } = load;
    const lone = new Histogram();
    const commits = new Histogram();
    for (let each = -10; each < sends; each += 1) {
      ledger.ackLatency = each < 0 ? undefined : lone;
      const answered = new Promise<void>((resolve) => (ledger.onAnswered = () => resolve()));
      const number = ledger.book(0, performance.now());
      senders[0]?.send(markedText(0, number), number);
      await Promise.race([answered, sleep(5000)]);
      await sleep(PAUSE);
      const before = performance.now();
      disk.commit();
      if (each >= 0) commits.record(performance.now() - before);
      await sleep(PAUSE);
    }
    await settle(ledger);
    load.close();
    return {
      p50: lone.quantile(0.5),
      p99: lone.quantile(0.99),
      diskP50: commits.quantile(0.5),
      diskP99: commits.quantile(0.99),
    };
  } finally {
    disk.close();
    await server.close();
  }
}

/** A database beside Madang's, with the same settings: what one commit of a row takes here and now. */
function openDisk(): { commit(): void; close(): void } {
  const folder = workFolder();
  const database = new Database(join(folder, 'disk.db'));
  database.pragma('journal_mode = WAL');
  database.pragma('synchronous = FULL');
  database.exec('CREATE TABLE rows (text TEXT)');
  const insert = database.prepare('INSERT INTO rows VALUES (?)');
  return {
    commit: () => void insert.run(markedText(0, 0)),
    close: () => {
      database.close();
      removeFolder(folder);
    },
  };
}
