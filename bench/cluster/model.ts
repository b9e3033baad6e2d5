import type { DeliveryFigure } from './deliveries.ts';
import { sum } from './meter.ts';
import type { ClusterResults } from './results.ts';

/** The model's constants from a run. CPU in µs. */
export interface Constants {
  /** A node's part in a lone message: receiving it, committing it, publishing it. */
  messageUs: number;
  /** The same in batches, under load. */
  messageBatchedUs: number;
  /** One more node that receives a lone message; in batches. */
  furtherNodeUs: number;
  furtherNodeBatchedUs: number;
  /** One delivery of a lone message; in batches. */
  deliveryUs: number;
  deliveryBatchedUs: number;
  /** PostgreSQL for a lone message; in batches. */
  postgresUs: number;
  postgresBatchedUs: number;
  walBytes: number;
  /** Redis for a message, besides the cost of each node that receives it. */
  redisUs: number;
  redisHearingNodeUs: number;
  /** Bytes of a message on the bus, once. */
  busBytes: number;
  /** A heartbeat: how often each node sends one, and its bytes at each node that receives it. */
  beatsPerSecond: number;
  heartbeatBytes: number;
  /** One user who connects and disconnects. */
  connectNodeUs: number;
  connectPostgresUs: number;
  connectBusBytes: number;
  /** One connected user, per second. */
  idleNodeUs: number;
  idlePostgresUs: number;
  connectionBytes: number;
  /** Comparing one room's head with the store. */
  auditUs: number;
  /** Redis memory for a topic that a node subscribes to: a room, a user. */
  topicBytes: number;
}

/** The load on a workspace. */
export interface Workload {
  nodes: number;
  connections: number;
  messagesPerSecond: number;
  /** Online users who receive a message. */
  peoplePerRoom: number;
  roomsPerPerson: number;
  /** How long a connection lasts. */
  minutes: number;
}

/** What the workload takes. Cores are in units of one core's CPU. */
export interface Plan {
  workload: Workload;
  /** Nodes with at least one user of a room, on average. */
  nodesPerRoom: number;
  deliveriesPerSecond: number;
  connectsPerSecond: number;
  /** Per node. */
  nodeMemoryMiB: number;
  nodeCores: number;
  nodeCoresBatched: number;
  /** For PostgreSQL. */
  postgresCores: number;
  postgresCoresBatched: number;
  walMBPerSecond: number;
  postgresConnections: number;
  /** For Redis. */
  busMessagesPerSecond: number;
  busHeardPerSecond: number;
  busMBPerSecond: number;
  redisCores: number;
  redisMemoryMiB: number;
}

/** How often nodes compare the heads of the rooms they follow, in s. */
const AUDIT_S = 10;

/** A node's connections to PostgreSQL: the setting's default. */
const DATABASE_CONNECTIONS = 8;

/** The constants, from a run's figures. */
export function constantsOf(results: ClusterResults): Constants {
  const of = (layout: DeliveryFigure['layout'], load: DeliveryFigure['load'], nodes: number): DeliveryFigure => {
    const found = results.deliveries.find(
      (each) => each.layout === layout && each.load === load && each.nodes === nodes,
    );
    if (!found) throw new Error(`the run has no figure of ${layout}, ${load}, on ${nodes} nodes`);
    return found;
  };
  const { coming, rooms } = results;
  if (!coming || !rooms) throw new Error('the run is not whole');
  const paced = split(of('one large room', 'paced', 1), of('small rooms, spread', 'paced', 1));
  const batched = split(of('one large room', 'saturated', 1), of('small rooms, spread', 'saturated', 1));
  const [spread1, spread3] = [1, 3].map((nodes) => of('small rooms, spread', 'saturated', nodes)) as [
    DeliveryFigure,
    DeliveryFigure,
  ];
  const redisHearingNodeUs = Math.max(0, (spread3.redisUsPerMessage - spread1.redisUsPerMessage) / 2);
  const pacedSpread3 = of('small rooms, spread', 'paced', 3);
  // The same messages and deliveries, except that each message is received by three nodes or by one.
  const hearingUs = (load: DeliveryFigure['load']) =>
    Math.max(
      0,
      (of('small rooms, spread', load, 3).nodeUsPerMessage - of('small rooms, together', load, 3).nodeUsPerMessage) / 2,
    );
  const busBytes = of('small rooms, spread', 'paced', 1).busBytesInPerMessage;
  const empty = results.empty.at(-1);
  if (!empty) throw new Error('the run has no figure of empty nodes');
  const beatsPerSecond = empty.publishesPerSecond / empty.nodes;
  // A node's work with nobody connected is not caused by its users; the lowest figure measures it best.
  const emptyNodeMs = Math.min(...results.empty.map(({ nodeMsPerSecond }) => nodeMsPerSecond));
  const perPerson = (msPerSecond: number) => (Math.max(0, msPerSecond) * 1000) / coming.stayed.clients;
  return {
    messageUs: paced.messageUs,
    messageBatchedUs: batched.messageUs,
    furtherNodeUs: hearingUs('paced'),
    furtherNodeBatchedUs: hearingUs('saturated'),
    deliveryUs: paced.deliveryUs,
    deliveryBatchedUs: batched.deliveryUs,
    postgresUs: pacedSpread3.postgresUsPerMessage,
    postgresBatchedUs: spread1.postgresUsPerMessage,
    walBytes: pacedSpread3.walBytesPerMessage,
    redisUs: Math.max(0, spread1.redisUsPerMessage - redisHearingNodeUs),
    redisHearingNodeUs,
    busBytes,
    beatsPerSecond,
    heartbeatBytes: empty.busBytesOutPerSecond / empty.publishesPerSecond / empty.nodes,
    connectNodeUs: coming.came.nodeUs + coming.went.nodeUs,
    connectPostgresUs: coming.came.postgresUs + coming.went.postgresUs,
    connectBusBytes: sum([coming.came, coming.went].map(({ busBytesOut }) => busBytesOut)),
    idleNodeUs: perPerson((coming.stayed.nodeMsPerSecond - emptyNodeMs) * coming.stayed.nodes),
    idlePostgresUs: perPerson(coming.stayed.postgresMsPerSecond),
    connectionBytes: coming.bytes,
    auditUs: rooms.auditUsPerRoom,
    topicBytes: rooms.redisBytesPerTopic,
  };
}

/** The cost of a message and of a delivery, from the figures for a large and a small room. */
function split(large: DeliveryFigure, small: DeliveryFigure): { messageUs: number; deliveryUs: number } {
  const [inLarge, inSmall] = [large, small].map((each) => each.nodeUsPerMessage / each.nodeUsPerDelivery) as [
    number,
    number,
  ];
  const deliveryUs = (large.nodeUsPerMessage - small.nodeUsPerMessage) / (inLarge - inSmall);
  return { deliveryUs, messageUs: small.nodeUsPerMessage - inSmall * deliveryUs };
}

/** How many of `nodes` have at least one of `people`, if users connect to any node at random. */
export function nodesWithSomebody(nodes: number, people: number): number {
  return nodes * (1 - (1 - 1 / nodes) ** people);
}

/** What a workload takes, according to the constants. */
export function planOf(constants: Constants, workload: Workload): Plan {
  const { nodes, connections, messagesPerSecond, peoplePerRoom, roomsPerPerson, minutes } = workload;
  const nodesPerRoom = nodesWithSomebody(nodes, peoplePerRoom);
  const deliveriesPerSecond = messagesPerSecond * peoplePerRoom;
  const connectsPerSecond = connections / (minutes * 60);
  const perNode = connections / nodes;
  const people = connectsPerSecond * constants.connectNodeUs + connections * constants.idleNodeUs;
  const nodesUs = (messageUs: number, hearingUs: number, deliveryUs: number) =>
    messagesPerSecond * (messageUs + (nodesPerRoom - 1) * hearingUs) + deliveriesPerSecond * deliveryUs + people;
  const followed = nodes * perNode * roomsPerPerson;
  const postgresUs = (messageUs: number) =>
    messagesPerSecond * messageUs +
    connectsPerSecond * constants.connectPostgresUs +
    connections * constants.idlePostgresUs +
    (followed / AUDIT_S) * constants.auditUs;
  const beats = nodes * constants.beatsPerSecond;
  const busHeardPerSecond = messagesPerSecond * nodesPerRoom + beats * nodes;
  return {
    workload,
    nodesPerRoom,
    deliveriesPerSecond,
    connectsPerSecond,
    nodeMemoryMiB: (perNode * constants.connectionBytes) / 2 ** 20,
    nodeCores: nodesUs(constants.messageUs, constants.furtherNodeUs, constants.deliveryUs) / nodes / 1e6,
    nodeCoresBatched:
      nodesUs(constants.messageBatchedUs, constants.furtherNodeBatchedUs, constants.deliveryBatchedUs) / nodes / 1e6,
    postgresCores: postgresUs(constants.postgresUs) / 1e6,
    postgresCoresBatched: postgresUs(constants.postgresBatchedUs) / 1e6,
    walMBPerSecond: (messagesPerSecond * constants.walBytes) / 1e6,
    postgresConnections: nodes * DATABASE_CONNECTIONS,
    busMessagesPerSecond: messagesPerSecond + beats,
    busHeardPerSecond,
    busMBPerSecond:
      (messagesPerSecond * nodesPerRoom * constants.busBytes +
        beats * nodes * constants.heartbeatBytes +
        connectsPerSecond * constants.connectBusBytes) /
      1e6,
    redisMemoryMiB: (connections * (1 + roomsPerPerson) * constants.topicBytes) / 2 ** 20,
    redisCores:
      ((messagesPerSecond + beats) * constants.redisUs + busHeardPerSecond * constants.redisHearingNodeUs) / 1e6,
  };
}
