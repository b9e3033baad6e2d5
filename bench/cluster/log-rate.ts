import { closedLoop, settle, sleep } from '../lib/drive.ts';
import type { Cluster } from './cluster.ts';
import { connectPlaces, type Crowd, LARGE_ROOM, placesOf, ROOM_SIZE } from './crowd.ts';
import { callsOf, type Meter, msOf, sum } from './meter.ts';
import type { Times } from './times.ts';

/** How fast the log accepts messages. */
export interface LogRate {
  nodes: number;
  rooms: number;
  inFlight: number;
  messagesPerSecond: number;
  commitsPerSecond: number;
  postgresUsPerMessage: number;
  nodeUsPerMessage: number;
  walBytesPerMessage: number;
  /** PostgreSQL's time for one insert, and for getting its rooms' locks, in ms. */
  insertMs: number;
  lockMs: number;
}

/**
 * Appends as many messages as possible, from ten users in one room, or from one in each of many. Few users receive
 * them, which keeps deliveries cheap, so that the log is what is measured.
 */
export async function measureLogRate(
  parts: { cluster: Cluster; crowd: Crowd; meter: Meter; times: Times },
  rooms: 'one' | 'many',
  inFlight: number,
): Promise<LogRate> {
  const { cluster, crowd, meter, times } = parts;
  const spread = placesOf(cluster, crowd, 'small rooms, spread').slice(0, LARGE_ROOM);
  // One user in each of many rooms: nobody else receives anything.
  const places =
    rooms === 'one' ? spread.slice(0, ROOM_SIZE) : spread.filter((_place, person) => person % ROOM_SIZE === 0);
  const load = await connectPlaces(cluster, places, rooms === 'one' ? ROOM_SIZE : 1);
  try {
    const drive = closedLoop(load, inFlight, 'answered');
    drive.start();
    await sleep(times.warmUpMs);
    let messages = 0;
    const usage = await meter.during(async () => {
      const before = load.ledger.answers;
      await sleep(times.measuredMs);
      messages = load.ledger.answers - before;
    });
    drive.stop();
    await settle(load.ledger);
    const inserts = callsOf(usage, /^WITH judged/);
    return {
      nodes: cluster.nodes.length,
      rooms: new Set(places.map(({ room }) => room)).size,
      inFlight,
      messagesPerSecond: messages / usage.seconds,
      commitsPerSecond: inserts / usage.seconds,
      postgresUsPerMessage: (usage.postgresMs * 1000) / messages,
      nodeUsPerMessage: (sum(usage.nodesMs) * 1000) / messages,
      walBytesPerMessage: usage.walBytes / messages,
      insertMs: msOf(usage, /^WITH judged/) / inserts,
      lockMs: msOf(usage, /FOR UPDATE/) / inserts,
    };
  } finally {
    load.close();
  }
}
