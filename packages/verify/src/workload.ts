import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { Actor, Board, type Pace } from './actor.js';
import { type ContractClient, RawClient } from './clients.js';
import { transportKinds } from './transports/open.js';
import { HistoryWriter, type Seen } from './history.js';
import { Keeper, type Visit } from './keeper.js';
import { LineVisitor } from './line-visitor.js';
import { Proxy } from './proxy.js';
import { createRandom, pause, until } from './random.js';
import { SdkClient } from './sdk-client.js';
import { createSubject, type Subject, type SubjectOptions } from './subject.js';
import { emptyTally, type Fault, type Tally, type World } from './world.js';

/** The settings of a server under test: no rate limits, and silence is noticed soon. */
const FLAGS = ['--limits', 'off', '--heartbeat-ms', '2000', '--reconnect-spread-ms', '300'];
const SILENCE_MS = 7000;

/** Someone else's server pings a silent connection every 25 s, unless its settings say otherwise. */
const VISIT_SILENCE_MS = 60_000;

/** How long calls may take to be settled after the last fault, in ms. */
const SETTLE_MS = 30_000;

/** Options of a run. */
export interface RunOptions {
  folder: string;
  seed: number;
  /** How long the actors act, in ms. */
  durationMs: number;
  /** Clients at each transport. */
  clientsPerTransport: number;
  /** Clients made with the SDK, over Socket.IO and plain WebSockets in turn. */
  sdkClients: number;
  rooms: number;
  pace: Pace;
  /** Causes the faults, one after the other, each awaited. Done when it returns or the time is over. */
  disturb(world: World, isOver: () => boolean): Promise<void>;
  /** How long all clients may take to catch up at the end, in ms. */
  quietMs: number;
  /** The server, or its nodes, which the clients reach through a balancer. A subject is used as it is. */
  servers: readonly [SubjectOptions | Subject, ...(SubjectOptions | Subject)[]];
  /** The servers hold more than the workload's data. */
  visit?: Visit;
  /** Ends the time early. */
  signal?: AbortSignal;
  /** `unavailable` leaves open whether a call happened; see {@link HistoryWriter.isUnsure}. Default false. */
  isUnsure?: boolean;
  /** Whether a second client of the first user joins in at another transport. Default true. */
  twins?: boolean;
  /** Stops the server in order once everybody has a session, so that even a server that never syncs keeps that much. */
  settles?: boolean;
}

/** What a run leaves for the checker. */
export interface RunResult {
  history: string;
  tally: Tally;
  /**
   * Why the faults ended early: the server did not come back, or did not recover. If the log could not be read at the
   * end, the history has none, and no `quiet`.
   */
  failure: string | undefined;
}

/** Runs the workload against a server of its own, and records the history. */
export async function run(options: RunOptions): Promise<RunResult> {
  const { folder, seed } = options;
  mkdirSync(folder, { recursive: true });
  const random = createRandom(seed);
  const history = new HistoryWriter(join(folder, 'history.jsonl'), { isUnsure: options.isUnsure === true });
  const [first, ...others] = options.servers;
  const subjects = [await create(first), ...(await Promise.all(others.map(create)))] as const;
  const tally = emptyTally();
  try {
    await Promise.all(subjects.map((subject) => subject.start()));
  } catch (error) {
    await Promise.all(subjects.map((subject) => subject.kill()));
    throw error;
  }
  const ports = subjects.map(({ port }) => port);
  const proxy = await Proxy.open(ports, random.fork('proxy'));
  const keeper = new Keeper(
    subjects.map(({ url }) => url),
    history,
    options.visit,
  );
  const clients: ContractClient[] = [];
  const visitors: LineVisitor[] = [];
  const board = new Board();
  let failure: string | undefined;
  try {
    const rooms = await keeper.open(options.rooms);
    clients.push(...(await bringClients({ options, keeper, proxy, history, rooms })));
    if (options.settles === true) {
      await Promise.all(subjects.map((subject) => subject.stop()));
      await Promise.all(subjects.map((subject) => subject.start()));
    }
    const users = [...new Set(clients.map(({ user }) => user))];
    await keeper.admit(users);
    for (const client of clients) client.start();
    const actors = clients.map((client) => {
      const own = { random: random.fork(`actor ${client.id}`), staysPut: client.user === keeper.user };
      return new Actor(client, { ...own, rooms, board, pace: options.pace });
    });
    for (const actor of actors) actor.start();
    visitors.push(bringVisitor({ options, keeper, proxy, history, rooms }, subjects[0].url));
    for (const visitor of visitors) visitor.start();
    const world: World = {
      subjects,
      proxy,
      keeper,
      rooms,
      history,
      random: random.fork('faults'),
      clients,
      tally,
      acknowledged: () => board.acknowledged,
    };
    let isOver = false;
    const pins = random.fork('pins');
    const tending = keeper.tend(users, {
      random: random.fork('keeper'),
      pick: (own) => board.pickIn(own, pins),
      isStopped: () => isOver,
    });
    const ending = pause(options.durationMs, options.signal).then(() => (isOver = true));
    await options.disturb(world, () => isOver).catch((error: unknown) => (failure = String(error)));
    if (failure === undefined) await ending;
    isOver = true;
    await makeWhole(world);
    await Promise.all([...actors.map((actor) => actor.stop(SETTLE_MS)), tending]);
    await Promise.all(visitors.map((visitor) => visitor.close()));
    await conclude({ keeper, rooms, clients, history, quietMs: options.quietMs }).catch((error: unknown) => {
      failure ??= String(error);
    });
  } finally {
    tally.cuts = proxy.cuts;
    tally.halfOpens = proxy.halfOpens;
    tally.duplicates = proxy.duplicates;
    await Promise.all([...clients, ...visitors].map((client) => client.close()));
    await keeper.depart([...clients.map(({ user }) => user), ...visitors.flatMap(({ users }) => users)]);
    keeper.close();
    proxy.close();
    history.close();
    await Promise.all(subjects.map((subject) => subject.kill()));
  }
  return { history: history.path, tally, failure };
}

/** Picks faults at random, until the time is over. */
export function atRandom(faults: readonly Fault[], pauseMs: number): RunOptions['disturb'] {
  return async (world, isOver) => {
    const tickets = faults.flatMap((fault) => Array.from({ length: fault.weight }, () => fault));
    while (!isOver()) {
      await pause(world.random.next() * 2 * pauseMs);
      if (isOver()) return;
      await world.random.pick(tickets).run(world);
    }
  };
}

interface Parts {
  options: RunOptions;
  keeper: Keeper;
  proxy: Proxy;
  history: HistoryWriter;
  rooms: readonly string[];
}

/**
 * A visitor at the line transport. Each connection is a new guest, so on a visit its connections are not broken: a
 * guest who is cut off in the lobby would remain a member of it.
 */
function bringVisitor({ options, keeper, proxy, history, rooms }: Parts, straight: string): LineVisitor {
  return new LineVisitor({
    id: 'line-0',
    url: options.visit ? straight : proxy.url,
    rooms,
    history,
    random: createRandom(options.seed).fork('line'),
    pace: options.pace,
    silenceMs: silenceOf(options),
    restMs: options.visit ? 5000 : 50,
    admit: (user) => keeper.admit([user]),
  });
}

async function bringClients(parts: Parts): Promise<ContractClient[]> {
  const { options, keeper, proxy, history, rooms } = parts;
  const random = createRandom(options.seed);
  const clients: RawClient[] = [];
  for (let number = 0; number < options.clientsPerTransport; number += 1) {
    for (const [index, kind] of transportKinds.entries()) {
      const isTwin = options.twins !== false && number === 0 && index === 1;
      const first = clients[0];
      const id = `${kind}-${number}`;
      const identity =
        isTwin && first ? { user: first.user, token: first.token } : await keeper.guest(`${kind} ${number}`);
      clients.push(
        new RawClient({
          ...identity,
          id,
          kind,
          rooms,
          history,
          urls: kind === 'polling' ? proxy.urls : [proxy.url],
          random: random.fork(id),
          silenceMs: silenceOf(options),
        }),
      );
    }
  }
  const sdkClients: ContractClient[] = [];
  for (let number = 0; number < options.sdkClients; number += 1) {
    const id = `sdk-${number}`;
    const identity = await keeper.guest(id);
    const transport = number % 2 === 0 ? 'socket.io' : 'websocket';
    sdkClients.push(new SdkClient({ ...identity, id, transport, url: proxy.url, rooms, history }));
  }
  return [...clients, ...sdkClients];
}

function silenceOf({ visit }: RunOptions): number {
  return visit ? VISIT_SILENCE_MS : SILENCE_MS;
}

async function create(server: SubjectOptions | Subject): Promise<Subject> {
  if ('start' in server) return server;
  return createSubject({ ...server, flags: [...FLAGS, ...(server.flags ?? [])] });
}

/** Brings the server up, on a network without faults. */
async function makeWhole(world: World): Promise<void> {
  world.proxy.clear();
  const down = world.subjects.filter((subject) => !subject.isUp());
  await Promise.all(down.map((subject) => subject.start().catch(() => undefined)));
}

async function conclude(parts: {
  keeper: Keeper;
  rooms: readonly string[];
  clients: readonly ContractClient[];
  history: HistoryWriter;
  quietMs: number;
}): Promise<void> {
  const { keeper, rooms, clients, history, quietMs } = parts;
  const logs = new Map<string, Seen[]>();
  for (const room of rooms) logs.set(room, await keeper.readLog(room));
  const has = (client: ContractClient, room: string): boolean => {
    const log = logs.get(room) ?? [];
    return !isMember(log, client.user) || client.appliedOf(room) >= (log.at(-1)?.seq ?? 0);
  };
  const hasAll = (client: ContractClient): boolean => client.isConnected() && rooms.every((room) => has(client, room));
  await until(() => clients.every(hasAll), quietMs);
  for (const client of clients) {
    const lacking = rooms.filter((room) => !has(client, room));
    for (const room of lacking) history.add({ type: 'lagging', client: client.id, room, state: client.describe(room) });
  }
  const found: Seen[] = [];
  for (const room of rooms) found.push(...(await keeper.readLog(room)));
  history.add({ type: 'quiet', clients: clients.map(({ id }) => id) });
  for (const event of found) history.add({ type: 'logged', event });
  for (const room of rooms) history.add({ type: 'pinned', room, messages: await keeper.readPins(room) });
}

function isMember(log: readonly Seen[], user: string): boolean {
  const last = log.findLast((event) => event.user === user && /^member\.(joined|left)$/.test(event.name));
  return last?.name === 'member.joined';
}
