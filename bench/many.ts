/**
 * Opens as many idle connections as this machine lets one server have: `npx tsx bench/many.ts [--connections 100000]
 * [--transport socket.io]`. Clients come from several loopback addresses and processes, because an address has some
 * 28,000 ports and a process a limited number of open files. The machine's limit is printed, and is the default.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { contenders, type Running, startContender } from './lib/contender.ts';
import { pinSelf, processCpuMs, processMemory } from './lib/cpu.ts';
import type { Place } from './lib/dialect.ts';
import { sleep } from './lib/drive.ts';
import { connectClients } from './lib/load.ts';

/** Users in the workspace; each has several connections. */
const PEOPLE = 2000;

/** Open files that a process needs besides its connections. */
const OTHER_FILES = 200;

/** Connections of one client process, and from one address. */
const PER_PROCESS = 10_000;
const PER_ADDRESS = 20_000;

/** How long the connections are watched once all are open, in ms: longer than two heartbeats. */
const WATCH_MS = 60_000;

const { values } = parseArgs({
  options: {
    connections: { type: 'string' },
    transport: { type: 'string', default: '/ws' },
    /** A client process, which receives its part of the work. */
    part: { type: 'boolean', default: false },
  },
});

interface Part {
  port: number;
  transport: string;
  places: Place[];
}

const say = (line: string) => void process.stdout.write(`${line}\n`);

if (values.part) await play();
else await run();

function contenderAt(transport: string) {
  return transport === 'socket.io' ? contenders.madangSocketIo : contenders.madangWs;
}

async function run(): Promise<void> {
  const files = Number(/^Max open files\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8'))?.[1]);
  const wanted = Number(values.connections ?? 100_000);
  const count = Math.min(wanted, files - OTHER_FILES);
  const [low = 0, high = 0] = readFileSync('/proc/sys/net/ipv4/ip_local_port_range', 'utf8')
    .trim()
    .split(/\s+/)
    .map(Number);
  say(
    `${values.transport}: ${count} connections${count < wanted ? ` of ${wanted}, since a process may have ${files} open files here (ulimit -n)` : ''}; ${high - low} ports for each address`,
  );
  pinSelf(0);
  const server = await startContender(contenderAt(values.transport), { people: PEOPLE }, 1);
  const parts: ChildProcess[] = [];
  try {
    await sleep(500);
    await server.collectGarbage();
    const empty = processMemory(server.pid).pss;
    const before = { at: performance.now(), cpuMs: processCpuMs(server.pid) };
    parts.push(...(await bring(server, count)));
    const seconds = (performance.now() - before.at) / 1000;
    const cpuMs = processCpuMs(server.pid) - before.cpuMs;
    say(`all there after ${seconds.toFixed(1)} s, ${(cpuMs / count).toFixed(3)} ms CPU each`);
    server.watchLoop();
    const idle = { at: performance.now(), cpuMs: processCpuMs(server.pid) };
    await sleep(WATCH_MS);
    const share = (processCpuMs(server.pid) - idle.cpuMs) / (performance.now() - idle.at);
    const loop = await server.loopDelay();
    const stood = processMemory(server.pid).pss;
    await server.collectGarbage();
    await sleep(500);
    const kib = (bytes: number) => `${((bytes - empty) / count / 1024).toFixed(1)} KiB`;
    say(
      `idle for ${WATCH_MS / 1000} s, with heartbeats: ${(share * 100).toFixed(1)} % of a core, loop delay p99 ${loop?.p99.toFixed(1)} ms`,
    );
    say(`memory of a connection: ${kib(processMemory(server.pid).pss)} (${kib(stood)} before collecting)`);
    const sockets = /^TCP: inuse (\d+).* mem (\d+)/m.exec(readFileSync('/proc/net/sockstat', 'utf8'));
    say(`the kernel: ${sockets?.[1]} TCP sockets, ${sockets?.[2]} pages of buffers`);
  } finally {
    for (const part of parts) part.kill('SIGKILL');
    await server.close();
  }
}

/** A client process: connects its part, and stays until it is ended. */
async function play(): Promise<void> {
  const [{ port, transport, places }] = (await once(process, 'message')) as [Part];
  const deaf = { delivered: () => undefined, answered: () => undefined };
  try {
    await connectClients({ port, places, contender: contenderAt(transport) }, deaf);
    process.send?.('there');
  } catch (error) {
    process.send?.(String(error));
  }
}

/** Starts client processes one after the other, each once all connections of the one before are open. */
async function bring(server: Running, count: number): Promise<ChildProcess[]> {
  const parts: ChildProcess[] = [];
  for (let first = 0; first < count; first += PER_PROCESS) {
    const places = Array.from({ length: Math.min(PER_PROCESS, count - first) }, (_each, index): Place => {
      const person = server.places[(first + index) % PEOPLE] as Place;
      return { ...person, from: `127.0.0.${2 + Math.floor((first + index) / PER_ADDRESS)}` };
    });
    const part = fork(fileURLToPath(import.meta.url), ['--part'], { execArgv: process.execArgv });
    parts.push(part);
    part.send({ port: server.port, transport: values.transport, places } satisfies Part);
    const [answer] = (await once(part, 'message')) as [string];
    if (answer !== 'there') throw new Error(answer);
  }
  return parts;
}
