import { rounded, table } from './plan-table.ts';
import type { ClusterResults } from './results.ts';

/** A run's figures as a page. */
export function resultsPage(results: ClusterResults): string {
  const { machine, coming, rooms, roundTrips } = results;
  const n = rounded;
  const deliveries = table(
    [
      ...['nodes', 'people', 'load', 'messages/s', 'deliveries/s', 'node µs/delivery', 'node µs/message'],
      ...['PostgreSQL µs/message', 'Redis µs/message', 'bus bytes in', 'bus bytes out', 'published', 'WAL bytes'],
      ...['statements', 'messages/commit', 'busiest node'],
    ],
    results.deliveries.map((each) => [
      ...[String(each.nodes), each.layout, each.load, n(each.messagesPerSecond), n(each.deliveriesPerSecond)],
      ...[n(each.nodeUsPerDelivery), n(each.nodeUsPerMessage), n(each.postgresUsPerMessage), n(each.redisUsPerMessage)],
      ...[n(each.busBytesInPerMessage), n(each.busBytesOutPerMessage), n(each.publishesPerMessage)],
      ...[n(each.walBytesPerMessage), n(each.statementsPerMessage), n(each.messagesPerCommit)],
      `+${Math.round(each.unevenness * 100)} %`,
    ]),
  );
  const logRates = table(
    [
      ...['nodes', 'rooms', 'in flight', 'messages/s', 'commits/s', 'PostgreSQL µs/message', 'node µs/message'],
      ...['insert ms', 'lock ms'],
    ],
    results.logRates.map((each) => [
      ...[String(each.nodes), String(each.rooms), String(each.inFlight), n(each.messagesPerSecond)],
      ...[n(each.commitsPerSecond), n(each.postgresUsPerMessage), n(each.nodeUsPerMessage), n(each.insertMs)],
      n(each.lockMs),
    ]),
  );
  const idle = table(
    [
      ...[
        'nodes',
        'clients',
        'CPU ms/s of a node',
        'of PostgreSQL',
        'of Redis',
        'bus bytes/s in',
        'out',
        'published/s',
      ],
      ...['statements/s', 'WAL bytes/s'],
    ],
    [...results.empty, ...(coming ? [coming.stayed] : [])].map((each) => [
      ...[String(each.nodes), String(each.clients), n(each.nodeMsPerSecond), n(each.postgresMsPerSecond)],
      ...[n(each.redisMsPerSecond), n(each.busBytesInPerSecond), n(each.busBytesOutPerSecond)],
      ...[n(each.publishesPerSecond), n(each.statementsPerSecond), n(each.walBytesPerSecond)],
    ]),
  );
  const people = table(
    [
      ...['of 3 nodes', 'node µs', 'PostgreSQL µs', 'Redis µs', 'published', 'Redis commands', 'bus bytes in', 'out'],
      ...['statements', 'WAL bytes'],
    ],
    (coming ? [['a connect', coming.came] as const, ['a disconnect', coming.went] as const] : []).map(
      ([what, each]) => [
        ...[what, n(each.nodeUs), n(each.postgresUs), n(each.redisUs), n(each.publishes), n(each.redisCommands)],
        ...[n(each.busBytesIn), n(each.busBytesOut), n(each.statements), n(each.walBytes)],
      ],
    ),
  );
  return [
    '# The last full run of `bench/cluster`'.replace('full', machine.form),
    `${machineLine(results)} All processes share the cores: CPU and counts are the figures. A flush of PostgreSQL's log took ${n(machine.flushMs)} ms.`,
    '## Messages and deliveries',
    'A room of 500, or 50 rooms of 10, in which the people are spread over the nodes or together on one. Paced: 20 and 200 messages a second. Saturated: 64 in flight. Bytes, WAL and statements are for each message.',
    deliveries,
    '## The log alone',
    'Ten people send in one room, or one in each of some; hardly anybody receives it. Times are of one commit.',
    logRates,
    roundTrips
      ? `A message alone waits for PostgreSQL ${roundTrips.roundTripsPerMessage.toFixed(1)} times: it is answered after ${n(roundTrips.nearMs)} ms, and after ${n(roundTrips.farMs)} when PostgreSQL's answers come ${roundTrips.lateMs} ms later.`
      : '',
    '## Idle',
    idle,
    '## Coming and going',
    people,
    coming ? `Memory of a connection at its node: ${n(coming.bytes)} bytes of heap and buffers.` : '',
    rooms
      ? `A node that follows ${n(rooms.roomsOfEachNode)} rooms: PostgreSQL needs ${n(rooms.auditUsPerRoom)} µs for each room when they are compared (every 10 s); the node ${n(rooms.nodeMsPerSecond)} ms/s in all; Redis ${n(rooms.redisBytesPerTopic)} bytes for each.`
      : '',
    '',
  ]
    .join('\n\n')
    .replace(/\n+$/, '\n');
}

/** Where and when a run was made. */
export function machineLine({ machine }: ClusterResults): string {
  return `${machine.form === 'full' ? 'Full' : 'Quick'} run of ${machine.minutes} min, ${machine.cores}, Node ${machine.node}, PostgreSQL ${machine.postgres}, ${machine.date}; load average before it ${machine.loadBefore.toFixed(1)}.`;
}
