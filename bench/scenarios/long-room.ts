import { cpSync, existsSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { startServer } from '../lib/children.ts';
import { contenders, type Running, startContender } from '../lib/contender.ts';
import { closedLoop, settle, sleep } from '../lib/drive.ts';
import { Histogram } from '../lib/histogram.ts';
import { connectLoad } from '../lib/load.ts';
import type { Bench, Result, Scenario } from '../lib/result.ts';
import { median } from '../lib/stats.ts';
import { count, limitRow, ms } from '../lib/words.ts';
import {
  cacheFolder,
  madangArgs,
  prepareWorkspace,
  removeFolder,
  tablesVersion,
  workFolder,
} from '../lib/workspace.ts';

const PLAN = { people: 10, roomSize: 10 };

/** A room with years of messages: opening it, paging back, starting the server with it. */
export const longRoom: Scenario = {
  name: 'long-room',
  title: 'a room with a long history: pages, and the start of the server',
  run: async (bench) => {
    const messages = bench.quick ? 50_000 : 1_000_000;
    const data = await prepareLongRoom(messages, bench);
    const workspace = await prepareWorkspace(PLAN, bench.serverCore);
    const starts: number[] = [];
    const newest = new Histogram();
    const middle = new Histogram();
    for (let round = 1; round <= Math.max(2, bench.rounds); round += 1) {
      const process = await startServer({ args: madangArgs(data) }, bench.serverCore);
      starts.push(process.startMs);
      const places = [{ token: workspace.tokens[0] as string, room: workspace.rooms[0] as string }];
      const server: Running = { ...process, contender: contenders.madangWs, places, close: () => process.stop() };
      try {
        await leaf(server, { messages, pages: bench.quick ? 200 : 500, newest, middle });
      } finally {
        await server.close();
      }
      bench.say(
        `  ${round}: start ${ms(process.startMs)}, newest page ${both(newest)}, a page in the middle ${both(middle)}`,
      );
    }
    return summary(messages, { starts, newest, middle });
  },
};

/** Times as the client sees them, including loopback and generator. */
async function leaf(
  server: Running,
  options: { messages: number; pages: number; newest: Histogram; middle: Histogram },
): Promise<void> {
  const load = await connectLoad(server, 1);
  const [client] = load.clients;
  const room = server.places[0]?.room;
  let id = 1_000_000;
  const ask = async (before: number | undefined): Promise<number> => {
    const at = performance.now();
    const answer = await client?.call('message.list', { room, ...(before !== undefined && { before }) }, (id += 1));
    const took = performance.now() - at;
    const found = answer?.match(/"text":"~~/g)?.length ?? 0;
    if (found !== 50) throw new Error(`a page had ${found} messages instead of 50`);
    return took;
  };
  for (let page = -20; page < options.pages; page += 1) {
    const newest = await ask(undefined);
    const middle = await ask(Math.round(options.messages * (0.4 + 0.2 * Math.random())));
    if (page < 0) continue;
    options.newest.record(newest);
    options.middle.record(middle);
  }
  load.close();
}

function both(times: Histogram): string {
  return `p50 ${ms(times.quantile(0.5))}, p99 ${ms(times.quantile(0.99))}`;
}

function summary(messages: number, found: { starts: number[]; newest: Histogram; middle: Histogram }): Result {
  const room = `A room with ${count(messages)} messages`;
  const startMs = median(found.starts);
  return {
    rows: [
      limitRow({
        what: `${room}: its newest page, p99 at the client`,
        value: found.newest.quantile(0.99),
        words: ms,
        target: 'under 5 ms',
        holds: (value) => value < 5,
      }),
      limitRow({
        what: `${room}: a page in its middle, p99 at the client`,
        value: found.middle.quantile(0.99),
        words: ms,
        target: 'under 10 ms',
        holds: (value) => value < 10,
      }),
      limitRow({
        what: `${room}: from starting the server to its listening`,
        value: startMs,
        words: ms,
        target: 'under 1500 ms',
        holds: (value) => value < 1500,
      }),
    ],
    raw: {
      messages,
      starts: found.starts,
      newest: { p50: found.newest.quantile(0.5), p99: found.newest.quantile(0.99) },
      middle: { p50: found.middle.quantile(0.5), p99: found.middle.quantile(0.99) },
    },
  };
}

/** Sends the messages through Madang's own transport, once; the database is kept. */
async function prepareLongRoom(messages: number, bench: Bench): Promise<string> {
  const kept = join(cacheFolder(), `long-${messages}-${tablesVersion()}`);
  if (existsSync(kept)) return kept;
  bench.say(`  filling a room with ${count(messages)} messages, once …`);
  const workspace = await prepareWorkspace(PLAN, bench.serverCore);
  const data = workFolder();
  cpSync(workspace.folder, data, { recursive: true });
  const filler = { ...contenders.madangWs, prepare: () => Promise.resolve(prepared) };
  const places = [{ token: workspace.tokens[0] as string, room: workspace.rooms[0] as string }];
  const prepared = { command: { args: madangArgs(data) }, places, close: () => undefined };
  const server = await startContender(filler, PLAN, bench.serverCore);
  try {
    const load = await connectLoad(server, 1);
    const drive = closedLoop(load, 200, 'answered');
    drive.start();
    while (load.ledger.sent < messages && load.ledger.fault === undefined) await sleep(10);
    drive.stop();
    await settle(load.ledger);
    load.close();
  } catch (error) {
    removeFolder(data);
    throw error;
  } finally {
    await server.close();
  }
  renameSync(data, kept);
  return kept;
}
