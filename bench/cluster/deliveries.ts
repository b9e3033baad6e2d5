import { closedLoop, type Drive, openLoop, settle, sleep } from '../lib/drive.ts';
import type { Load } from '../lib/load.ts';
import type { Cluster } from './cluster.ts';
import { type Crowd, connectCrowd, type Layout } from './crowd.ts';
import { callsOf, type Meter, sum, type Usage } from './meter.ts';
import type { Times } from './times.ts';

/** Messages a second, sent one at a time: in the large room, and in all small rooms together. */
const PACE = { 'one large room': 20, 'small rooms, spread': 200, 'small rooms, together': 200 } as const;

/** Messages in flight when as many as possible are sent. */
const IN_FLIGHT = 64;

/** The cost of messages and deliveries. */
export interface DeliveryFigure {
  nodes: number;
  layout: Layout;
  load: 'paced' | 'saturated';
  messagesPerSecond: number;
  deliveriesPerSecond: number;
  /** CPU of all nodes together for each delivery and for each message, in µs; of PostgreSQL and Redis for each message. */
  nodeUsPerDelivery: number;
  nodeUsPerMessage: number;
  postgresUsPerMessage: number;
  redisUsPerMessage: number;
  /** How far the busiest node is above the average. */
  unevenness: number;
  publishesPerMessage: number;
  busBytesInPerMessage: number;
  busBytesOutPerMessage: number;
  walBytesPerMessage: number;
  statementsPerMessage: number;
  messagesPerCommit: number;
}

/** Messages in one layout of users: one at a time at a fixed pace, then as many as possible. */
export async function measureDeliveries(
  parts: { cluster: Cluster; crowd: Crowd; meter: Meter; times: Times },
  layout: Layout,
): Promise<DeliveryFigure[]> {
  const load = await connectCrowd(parts.cluster, parts.crowd, layout);
  try {
    const paced = await driven(parts, load, openLoop(load, PACE[layout]));
    const saturated = await driven(parts, load, closedLoop(load, IN_FLIGHT, 'heard'));
    const nodes = parts.cluster.nodes.length;
    return [
      { nodes, layout, load: 'paced', ...paced },
      { nodes, layout, load: 'saturated', ...saturated },
    ];
  } finally {
    load.close();
    // Everybody has left before the next figures are measured.
    await sleep(parts.times.leavingMs);
  }
}

async function driven(
  { meter, times }: { meter: Meter; times: Times },
  load: Load,
  drive: Drive,
): Promise<Omit<DeliveryFigure, 'nodes' | 'layout' | 'load'>> {
  const { ledger } = load;
  drive.start();
  await sleep(times.warmUpMs);
  let [messages, deliveries] = [0, 0];
  const usage = await meter.during(async () => {
    const before = { messages: ledger.answers, deliveries: ledger.deliveries };
    await sleep(times.measuredMs);
    messages = ledger.answers - before.messages;
    deliveries = ledger.deliveries - before.deliveries;
  });
  drive.stop();
  await settle(ledger);
  return figureOf(usage, messages, deliveries);
}

function figureOf(usage: Usage, messages: number, deliveries: number) {
  const nodesMs = sum(usage.nodesMs);
  return {
    messagesPerSecond: messages / usage.seconds,
    deliveriesPerSecond: deliveries / usage.seconds,
    nodeUsPerDelivery: (nodesMs * 1000) / deliveries,
    nodeUsPerMessage: (nodesMs * 1000) / messages,
    postgresUsPerMessage: (usage.postgresMs * 1000) / messages,
    redisUsPerMessage: (usage.redisMs * 1000) / messages,
    unevenness: (Math.max(...usage.nodesMs) * usage.nodesMs.length) / nodesMs - 1,
    publishesPerMessage: usage.bus.publishes / messages,
    busBytesInPerMessage: usage.bus.bytesIn / messages,
    busBytesOutPerMessage: usage.bus.bytesOut / messages,
    walBytesPerMessage: usage.walBytes / messages,
    statementsPerMessage: callsOf(usage) / messages,
    messagesPerCommit: messages / callsOf(usage, /^WITH judged/),
  };
}
