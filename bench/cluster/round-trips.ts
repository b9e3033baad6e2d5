import { closedLoop, settle, sleep } from '../lib/drive.ts';
import { Histogram } from '../lib/histogram.ts';
import type { Cluster } from './cluster.ts';
import { connectPlaces, type Crowd, placesOf, ROOM_SIZE } from './crowd.ts';
import { openSlowWire } from './slow-wire.ts';
import type { Times } from './times.ts';

/** How often a node waits for PostgreSQL before it answers a lone message. */
export interface RoundTripFigure {
  roundTripsPerMessage: number;
  /** The time from a message to its answer, with PostgreSQL on the same machine, and with it this far away, in ms. */
  nearMs: number;
  farMs: number;
  lateMs: number;
}

/** The delay of PostgreSQL's answers, in ms: much more than anything else takes. */
const LATE_MS = 50;

/** Counts round trips by how much a slower path to PostgreSQL lengthens a message's time. */
export async function measureRoundTrips(parts: {
  cluster: Cluster;
  crowd: Crowd;
  times: Times;
}): Promise<RoundTripFigure> {
  const { cluster, crowd, times } = parts;
  await using wire = await openSlowWire(cluster.postgres.port);
  const database = new URL(cluster.database);
  database.port = String(wire.port);
  const node = await cluster.startAside(database.href, cluster.redis.url);
  const places = placesOf(cluster, crowd, 'one large room').slice(0, ROOM_SIZE);
  const load = await connectPlaces(
    cluster,
    places.map((place) => ({ ...place, port: node.port })),
    ROOM_SIZE,
  );
  const drive = closedLoop(load, 1, 'answered');
  drive.start();
  const answerMs = async (lateMs: number): Promise<number> => {
    wire.lateMs = lateMs;
    await sleep(times.warmUpMs);
    const latency = new Histogram();
    load.ledger.ackLatency = latency;
    await sleep(times.measuredMs);
    return latency.quantile(0.5);
  };
  const [nearMs, farMs] = [await answerMs(0), await answerMs(LATE_MS)];
  drive.stop();
  wire.lateMs = 0;
  await settle(load.ledger);
  load.close();
  await node.stop();
  return { roundTripsPerMessage: (farMs - nearMs) / LATE_MS, nearMs, farMs, lateMs: LATE_MS };
}
