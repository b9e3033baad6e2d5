import { createHash } from 'node:crypto';
import { madangJsonRpc, type Place } from '../lib/dialect.ts';
import { sleep } from '../lib/drive.ts';
import { connectClients } from '../lib/load.ts';
import type { LoadClient } from '../lib/load-client.ts';
import type { Cluster } from './cluster.ts';
import { AT_A_TIME, type Crowd, placesOf } from './crowd.ts';
import { callsOf, type Meter, msOf, type StatementUse, sum, type Usage } from './meter.ts';
import { redisMemory } from './redis-info.ts';
import type { Times } from './times.ts';

/** The cost of a cluster in which nobody writes. */
export interface IdleFigure {
  nodes: number;
  clients: number;
  seconds: number;
  /** CPU in ms a second: of one node on average, of PostgreSQL, of Redis. */
  nodeMsPerSecond: number;
  postgresMsPerSecond: number;
  redisMsPerSecond: number;
  publishesPerSecond: number;
  busBytesInPerSecond: number;
  busBytesOutPerSecond: number;
  statementsPerSecond: number;
  walBytesPerSecond: number;
  /** The kinds of statements that took longest. */
  statements: StatementUse[];
}

/** The cost of one user's connecting or disconnecting. */
export interface ComingFigure {
  nodes: number;
  clients: number;
  nodeUs: number;
  postgresUs: number;
  redisUs: number;
  publishes: number;
  redisCommands: number;
  busBytesIn: number;
  busBytesOut: number;
  statements: number;
  walBytes: number;
  kinds: StatementUse[];
}

/** The cost of following a room, each second, for a node and the others, whether anything happens in it or not. */
export interface RoomsFigure {
  nodes: number;
  roomsOfEachNode: number;
  /** PostgreSQL's time for one comparison of a room's head, in µs. */
  auditUsPerRoom: number;
  /** Redis memory for a topic that a node subscribes to. */
  redisBytesPerTopic: number;
  auditCallsPerSecond: number;
  nodeMsPerSecond: number;
  postgresMsPerSecond: number;
}

type Parts = { cluster: Cluster; crowd: Crowd; meter: Meter; times: Times };

/** Rooms with more than 500 users receive no live presence. */
const ALREADY_THERE = 510;

const deaf = { delivered: () => undefined, answered: () => undefined };

/** Rooms of {@link measureRooms}. */
const MANY_ROOMS = 2000;

/** Time after connecting to many rooms until all of them are followed, in ms. */
const SETTLED_MS = 8000;

/** Time after connecting until everybody has received everybody's presence, in ms. */
const TOLD_MS = 1500;

/** Nobody is connected: heartbeats, and nothing else. */
export async function measureEmpty({ cluster, meter, times }: Parts): Promise<IdleFigure> {
  return idleFigure(cluster, 0, await meter.during(() => sleep(Math.min(10_000, times.idleMs))));
}

/**
 * Users connect, stay and disconnect without writing. So many are connected already that the lobby is too large for
 * live presence. `bytes` is what a node holds for each of them, without the sockets' buffers in the kernel.
 */
export async function measureComing(
  parts: Parts,
): Promise<{ came: ComingFigure; stayed: IdleFigure; went: ComingFigure; bytes: number }> {
  const { cluster, crowd, meter, times } = parts;
  const places = placesOf(cluster, crowd, 'small rooms, spread');
  const memory = async () => {
    // Memory that the first collection frees may be released only by the second.
    await Promise.all(cluster.nodes.map((node) => node.collectGarbage()));
    const collected = await Promise.all(cluster.nodes.map((node) => node.collectGarbage()));
    return sum(collected.map(({ held }) => held));
  };
  const there = await come(cluster, places.slice(0, ALREADY_THERE));
  const comers = places.slice(ALREADY_THERE);
  // Once beforehand, so that code is compiled and buffers have grown.
  closeAll(await come(cluster, comers));
  await sleep(times.leavingMs);
  const before = await memory();
  let clients: LoadClient[] = [];
  const came = await meter.during(async () => {
    clients = await come(cluster, comers);
    await sleep(TOLD_MS);
  });
  const stayed = await meter.during(() => sleep(times.idleMs));
  const bytes = ((await memory()) - before) / comers.length;
  const went = await meter.during(async () => {
    closeAll(clients);
    await sleep(times.leavingMs);
  });
  closeAll(there);
  return {
    came: comingFigure(cluster, comers.length, came),
    stayed: idleFigure(cluster, places.length, stayed),
    went: comingFigure(cluster, comers.length, went),
    bytes,
  };
}

/** One user per node, in many rooms, so that each node follows all of them. */
export async function measureRooms(parts: Parts): Promise<RoomsFigure> {
  const { cluster, crowd, meter, times } = parts;
  const places = placesOf(cluster, crowd, 'small rooms, spread').slice(0, cluster.nodes.length);
  await addRooms(cluster, places);
  const memory = await redisMemory(cluster.redis.port);
  const clients = await come(cluster, places);
  await sleep(SETTLED_MS);
  const redisBytes = (await redisMemory(cluster.redis.port)) - memory;
  const usage = await meter.during(() => sleep(Math.min(20_000, 2 * times.idleMs)));
  closeAll(clients);
  const audit = /AS believed/;
  return {
    nodes: cluster.nodes.length,
    roomsOfEachNode: MANY_ROOMS,
    redisBytesPerTopic: redisBytes / MANY_ROOMS / cluster.nodes.length,
    auditUsPerRoom: (msOf(usage, audit) * 1000) / callsOf(usage, audit) / MANY_ROOMS,
    auditCallsPerSecond: callsOf(usage, audit) / usage.seconds,
    nodeMsPerSecond: sum(usage.nodesMs) / usage.nodesMs.length / usage.seconds,
    postgresMsPerSecond: usage.postgresMs / usage.seconds,
  };
}

function come(cluster: Cluster, places: readonly Place[]): Promise<LoadClient[]> {
  const reached = { port: cluster.nodes[0]?.port ?? 0, places, contender: { dialect: madangJsonRpc } };
  return connectClients(reached, deaf, AT_A_TIME);
}

function closeAll(clients: readonly LoadClient[]): void {
  for (const client of clients) client.close();
}

/** Creates rooms like the lobby, with these users in them. Over a transport it would take minutes. */
async function addRooms({ postgres, database }: Cluster, places: readonly Place[]): Promise<void> {
  const hashes = places.map(({ token = '' }) => `'${createHash('sha256').update(token).digest('base64url')}'`);
  await postgres.sql(
    database,
    `INSERT INTO rooms SELECT (jsonb_populate_record(rooms, jsonb_build_object('id', 'many-' || n, 'unique_key', NULL))).*
      FROM rooms, generate_series(1, ${MANY_ROOMS}) AS n WHERE rooms.id = 'lobby'`,
  );
  await postgres.sql(
    database,
    `INSERT INTO members SELECT (jsonb_populate_record(members, jsonb_build_object('room_id', 'many-' || n))).*
      FROM members JOIN sessions ON sessions.user_id = members.user_id, generate_series(1, ${MANY_ROOMS}) AS n
      WHERE members.room_id = 'lobby' AND sessions.token_hash IN (${hashes.join(', ')})`,
  );
  await postgres.sql(database, 'ANALYZE rooms, members');
}

function idleFigure(cluster: Cluster, clients: number, usage: Usage): IdleFigure {
  const { seconds, bus } = usage;
  return {
    nodes: cluster.nodes.length,
    clients,
    seconds,
    nodeMsPerSecond: sum(usage.nodesMs) / usage.nodesMs.length / seconds,
    postgresMsPerSecond: usage.postgresMs / seconds,
    redisMsPerSecond: usage.redisMs / seconds,
    publishesPerSecond: bus.publishes / seconds,
    busBytesInPerSecond: bus.bytesIn / seconds,
    busBytesOutPerSecond: bus.bytesOut / seconds,
    statementsPerSecond: callsOf(usage) / seconds,
    walBytesPerSecond: usage.walBytes / seconds,
    statements: longest(usage),
  };
}

/** The kinds of statements that took longest. */
function longest({ statements }: Usage): StatementUse[] {
  return statements.toSorted((a, b) => b.ms - a.ms).slice(0, 12);
}

function comingFigure(cluster: Cluster, clients: number, usage: Usage): ComingFigure {
  const { bus } = usage;
  return {
    nodes: cluster.nodes.length,
    clients,
    nodeUs: (sum(usage.nodesMs) * 1000) / clients,
    postgresUs: (usage.postgresMs * 1000) / clients,
    redisUs: (usage.redisMs * 1000) / clients,
    publishes: bus.publishes / clients,
    redisCommands: bus.commands / clients,
    busBytesIn: bus.bytesIn / clients,
    busBytesOut: bus.bytesOut / clients,
    statements: callsOf(usage) / clients,
    walBytes: usage.walBytes / clients,
    kinds: longest(usage),
  };
}
