/**
 * What `--compression on` saves in bytes and costs in CPU and memory, at `/ws`: `npx tsx bench/compression.ts
 * [--rounds 3] [--seconds 4]`. Servers with it off and on take turns; the figures are medians of the rounds.
 */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { parseArgs } from 'node:util';
import { WebSocket } from 'ws';
import { type Contender, contenders, type Running, startContender } from './lib/contender.ts';
import { pinSelf, processCpuMs, processMemory } from './lib/cpu.ts';
import { sleep } from './lib/drive.ts';
import { type LoadClient, traffic } from './lib/load-client.ts';
import { connectClients } from './lib/load.ts';
import { median } from './lib/stats.ts';

const PEOPLE = 500;
const SMALL_ROOM = 10;
const IN_FLIGHT = 64;
const PAGES = 300;
const STARTS = 100;
const IDLE = 1000;

const { values } = parseArgs({
  options: { rounds: { type: 'string', default: '3' }, seconds: { type: 'string', default: '4' } },
});
const measuredMs = Number(values.seconds) * 1000;

const OFFER = 'Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits';

/** `/ws`, with clients that offer compression as browsers do. They count what arrives without inflating it. */
function madang(compression: 'off' | 'on'): Contender {
  const { madangWs } = contenders;
  return {
    ...madangWs,
    dialect: { ...madangWs.dialect, headers: (place) => [...(madangWs.dialect.headers?.(place) ?? []), OFFER] },
    prepare: async (plan, core) => {
      const { command, ...rest } = await madangWs.prepare(plan, core);
      return { ...rest, command: { ...command, args: [...command.args, '--compression', compression] } };
    },
  };
}

type Figures = Record<string, number>;

async function measure(compression: 'off' | 'on'): Promise<Figures> {
  const one = await startContender(madang(compression), { people: PEOPLE }, 1);
  const figures: Figures = {};
  try {
    Object.assign(figures, await memory(one), await rooms(one, PEOPLE), await pages(one));
  } finally {
    await one.close();
  }
  const many = await startContender(madang(compression), { people: PEOPLE, roomSize: SMALL_ROOM }, 1);
  try {
    Object.assign(figures, await rooms(many, SMALL_ROOM));
  } finally {
    await many.close();
  }
  return figures;
}

/** Rooms that are as busy as possible, and rooms with one message at a time. */
async function rooms(server: Running, size: number): Promise<Figures> {
  const answered = { next: (_client: number) => undefined as void };
  const clients = await connectClients(server, {
    delivered: () => undefined,
    answered: (client, _id, error) => {
      if (error !== undefined) throw new Error(error);
      answered.next(client);
    },
  });
  await sleep(1000);
  let sent = 0;
  // Eight of one large room, or one of each small one.
  const speaker = (turn: number) => (size === PEOPLE ? turn % 8 : (turn * size) % PEOPLE);
  const say = (client: LoadClient | undefined) => client?.send(sentence(), ++sent);
  const busyFrom = async (start: () => () => void): Promise<{ bytes: number; us: number }> => {
    const stop = start();
    await sleep(1000);
    const before = { sent, cpuMs: processCpuMs(server.pid), bytes: traffic.bytes };
    await sleep(measuredMs);
    const deliveries = (sent - before.sent) * size;
    const cpuMs = processCpuMs(server.pid) - before.cpuMs;
    const bytes = traffic.bytes - before.bytes;
    stop();
    await sleep(1000);
    return { bytes: bytes / deliveries, us: (cpuMs * 1000) / deliveries };
  };
  const busy = await busyFrom(() => {
    answered.next = (client) => say(clients[client]);
    for (let each = 0; each < IN_FLIGHT; each += 1) say(clients[speaker(each)]);
    return () => (answered.next = () => undefined);
  });
  const oneByOne = await busyFrom(() => {
    const timer = setInterval(() => say(clients[speaker(sent)]), 25);
    return () => clearInterval(timer);
  });
  for (const client of clients) client.close();
  return {
    [`delivery, busy, rooms of ${size}, bytes`]: busy.bytes,
    [`delivery, busy, rooms of ${size}, µs CPU`]: busy.us,
    [`delivery, one at a time, rooms of ${size}, bytes`]: oneByOne.bytes,
    [`delivery, one at a time, rooms of ${size}, µs CPU`]: oneByOne.us,
  };
}

/** Pages of 50 for a connected client, and a client's start: connection, session, newest page. */
async function pages(server: Running): Promise<Figures> {
  const list = { method: 'message.list', params: { room: 'lobby', limit: 50 } };
  const client = await open(server, 0);
  await client.ask(list);
  const before = { cpuMs: processCpuMs(server.pid), bytes: client.socket.bytesRead };
  for (let each = 0; each < PAGES; each += 1) await client.ask(list);
  const page = {
    bytes: (client.socket.bytesRead - before.bytes) / PAGES,
    ms: (processCpuMs(server.pid) - before.cpuMs) / PAGES,
  };
  client.close();
  const cpuMs = processCpuMs(server.pid);
  let bytes = 0;
  for (let each = 0; each < STARTS; each += 1) {
    const starting = await open(server, each % PEOPLE);
    await starting.ask({ method: 'session.get' });
    await starting.ask(list);
    bytes += starting.socket.bytesRead;
    starting.close();
  }
  const startMs = (processCpuMs(server.pid) - cpuMs) / STARTS;
  return {
    'page of 50, bytes': page.bytes,
    'page of 50, ms CPU': page.ms,
    "client's start, bytes": bytes / STARTS,
    "client's start, ms CPU": startMs,
  };
}

/** Connections whose clients have spoken, compressed if they may, and are silent now. */
async function memory(server: Running): Promise<Figures> {
  const people = Array.from({ length: PEOPLE }, (_each, index) => index);
  const visit = async (person: number) => {
    const client = await open(server, person);
    await client.ask({ method: 'session.get' });
    return client;
  };
  for (const person of people) (await visit(person)).close();
  await sleep(500);
  await server.collectGarbage();
  const empty = processMemory(server.pid).pss;
  const clients: Awaited<ReturnType<typeof open>>[] = [];
  for (let each = 0; each < IDLE; each += 1) clients.push(await visit(each % PEOPLE));
  await sleep(2000);
  await server.collectGarbage();
  await sleep(500);
  const bytes = processMemory(server.pid).pss - empty;
  for (const client of clients) client.close();
  return { 'idle connection, KiB': bytes / IDLE / 1024 };
}

/** A stock client of `ws`, which compresses everything it sends if that was negotiated. */
async function open(server: Running, person: number) {
  let socket: Socket | undefined;
  const webSocket = new WebSocket(`ws://127.0.0.1:${server.port}/ws`, {
    headers: { authorization: `Bearer ${server.places[person]?.token}` },
    perMessageDeflate: { threshold: 0 },
    createConnection: () => (socket = connect(server.port, '127.0.0.1')),
  });
  await once(webSocket, 'open');
  let id = 0;
  return {
    socket: socket as unknown as Socket,
    close: () => webSocket.terminate(),
    ask: async (call: { method: string; params?: object }): Promise<void> => {
      id += 1;
      webSocket.send(JSON.stringify({ jsonrpc: '2.0', id, ...call }));
      for (;;) {
        const [data] = (await once(webSocket, 'message')) as [Buffer];
        const text = data.toString('latin1');
        if (text.includes('"error"')) throw new Error(text);
        if (text.startsWith(`{"jsonrpc":"2.0","id":${id},`)) return;
      }
    },
  };
}

const WORDS =
  `the of and a to in is you that it he was for on are as with his they at be this have from or had by but not
 what all were we when your can said there use each which she do how their if will up other about out many then them
 these so some her would make like him into time has look more 오늘 내일 점심 회의 같이 갈까요 좋아요 네 아니요 그래서 어제 정말 감사합니다`.split(
    /\s+/,
  );

/** Something a user could have written, of 20 to 120 characters; no two are alike. */
function sentence(): string {
  const length = 20 + Math.random() * 100;
  let text = '';
  while (text.length < length) text += `${WORDS[Math.floor(Math.random() * WORDS.length)]} `;
  return text.trim();
}

pinSelf(0);
const found: Record<'off' | 'on', Figures[]> = { off: [], on: [] };
for (let round = 0; round < Number(values.rounds); round += 1) {
  for (const compression of ['off', 'on'] as const) found[compression].push(await measure(compression));
}
const rows = Object.keys(found.off[0] ?? {}).map((what) => {
  const [off, on] = [found.off, found.on].map((rounds) => median(rounds.map((figures) => figures[what] ?? Number.NaN)));
  return `| ${what} | ${off?.toPrecision(3)} | ${on?.toPrecision(3)} | ${((on ?? 0) / (off ?? 1)).toFixed(2)} |`;
});
process.stdout.write(`| what | off | on | on / off |\n| --- | --- | --- | --- |\n${rows.join('\n')}\n`);
