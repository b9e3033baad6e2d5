import type { Constants, Plan } from './model.ts';

/** The constants as a table: meaning and value. */
export function constantsTable(constants: Constants): string {
  const us = (value: number) => `${rounded(value)} µs`;
  const bytes = (value: number) => `${rounded(value)} bytes`;
  const rows: [string, string, string][] = [
    [
      '`m`',
      'node CPU for a message, one at a time (in batches)',
      two(constants.messageUs, constants.messageBatchedUs, us),
    ],
    [
      '`d`',
      'node CPU for a delivery, one at a time (in batches)',
      two(constants.deliveryUs, constants.deliveryBatchedUs, us),
    ],
    [
      '`h`',
      'node CPU for a message at each further node that receives it, one at a time (in batches)',
      two(constants.furtherNodeUs, constants.furtherNodeBatchedUs, us),
    ],
    [
      '`p`',
      'PostgreSQL CPU for a message, one at a time (in batches)',
      two(constants.postgresUs, constants.postgresBatchedUs, us),
    ],
    ['`w`', 'WAL for a message', bytes(constants.walBytes)],
    [
      '`r`',
      'Redis CPU for a message, and for each node that receives it',
      `${us(constants.redisUs)} + ${us(constants.redisHearingNodeUs)}`,
    ],
    [
      '`b`',
      'bytes of a message on the bus, once in and once out for each node that receives it',
      bytes(constants.busBytes),
    ],
    [
      '`c`',
      'one connect and disconnect: CPU of its node, of PostgreSQL',
      `${us(constants.connectNodeUs)}, ${us(constants.connectPostgresUs)}`,
    ],
    [
      '`i`',
      'an open connection, per second: CPU of its node, of PostgreSQL',
      `${us(constants.idleNodeUs)}, ${us(constants.idlePostgresUs)}`,
    ],
    ['`M`', 'memory of a connection in its node (JavaScript heap and buffers)', bytes(constants.connectionBytes)],
    [
      '`a`',
      'PostgreSQL’s time to compare the end of one followed room, every 10 s for each node',
      us(constants.auditUs),
    ],
    ['`s`', 'memory of Redis for a topic that a node subscribes to (a room, a user)', bytes(constants.topicBytes)],
    ['`t`', 'a heartbeat at each node that receives it; each node sends two a second', bytes(constants.heartbeatBytes)],
  ];
  return table(['', 'what', 'measured'], rows);
}

/** Plans side by side. */
export function plansTable(plans: readonly Plan[]): string {
  const row = (what: string, pick: (plan: Plan) => string): string[] => [what, ...plans.map(pick)];
  const range = (low: number, high: number) =>
    rounded(low) === rounded(high) ? rounded(low) : `${rounded(low)} to ${rounded(high)}`;
  return table(
    ['', ...plans.map(({ workload }) => `${workload.nodes} ${workload.nodes === 1 ? 'node' : 'nodes'}`)],
    [
      row('connections', ({ workload }) => rounded(workload.connections)),
      row('messages a second', ({ workload }) => rounded(workload.messagesPerSecond)),
      row('deliveries a second', (plan) => rounded(plan.deliveriesPerSecond)),
      row('nodes that follow a room', (plan) => rounded(plan.nodesPerRoom)),
      row('memory of a node’s connections, MiB', (plan) => rounded(plan.nodeMemoryMiB)),
      row('CPU of a node, cores', (plan) => range(plan.nodeCoresBatched, plan.nodeCores)),
      row('CPU of PostgreSQL, cores', (plan) => range(plan.postgresCoresBatched, plan.postgresCores)),
      row('WAL, MB a second', (plan) => rounded(plan.walMBPerSecond)),
      row('connections to PostgreSQL', (plan) => rounded(plan.postgresConnections)),
      row('bus: messages in a second', (plan) => rounded(plan.busMessagesPerSecond)),
      row('bus: messages out a second', (plan) => rounded(plan.busHeardPerSecond)),
      row('bus: MB out a second', (plan) => rounded(plan.busMBPerSecond)),
      row('memory of Redis, MiB at most', (plan) => rounded(plan.redisMemoryMiB)),
      row('CPU of Redis, cores (one Redis has one)', (plan) => rounded(plan.redisCores)),
    ],
  );
}

/** The arithmetic of a plan, step by step. */
export function planSteps(plan: Plan, constants: Constants): string {
  const { workload } = plan;
  const { connections, nodes, messagesPerSecond, peoplePerRoom, minutes, roomsPerPerson } = workload;
  const n = rounded;
  return [
    `1. Deliveries: ${n(messagesPerSecond)} messages/s × ${n(peoplePerRoom)} people = **${n(plan.deliveriesPerSecond)}/s**.`,
    `2. Nodes that follow a room: \`N × (1 − (1 − 1/N)^people)\` = ${n(nodes)} × (1 − (1 − 1/${n(nodes)})^${n(peoplePerRoom)}) = **${n(plan.nodesPerRoom)}**.`,
    `3. Memory of a node: ${n(connections / nodes)} connections × ${n(constants.connectionBytes)} bytes = **${n(plan.nodeMemoryMiB)} MiB**, and about as much again in the kernel's socket buffers.`,
    `4. CPU of all nodes, one message at a time: ${n(messagesPerSecond)} × (m ${n(constants.messageUs)} + ${n(plan.nodesPerRoom - 1)} × h ${n(constants.furtherNodeUs)} + ${n(peoplePerRoom)} × d ${n(constants.deliveryUs)} µs), and ${n(plan.connectsPerSecond)} connects/s (each connection lasts ${n(minutes)} min) × c, and i for each connection: **${n(plan.nodeCores * nodes)} cores, ${n(plan.nodeCores)} a node**. In batches ${n(plan.nodeCoresBatched)} a node.`,
    `5. PostgreSQL: ${n(messagesPerSecond)} × p ${n(constants.postgresUs)} µs + ${n(plan.connectsPerSecond)} × c ${n(constants.connectPostgresUs)} µs + ${n(connections)} × i ${n(constants.idlePostgresUs)} µs + ${n(connections)} × ${n(roomsPerPerson)} rooms ÷ 10 s × a ${n(constants.auditUs)} µs = **${n(plan.postgresCores)} cores**; if batches form, from ${n(plan.postgresCoresBatched)}. WAL: ${n(messagesPerSecond)} × ${n(constants.walBytes)} bytes = **${n(plan.walMBPerSecond)} MB/s**.`,
    `6. Redis: ${n(plan.busMessagesPerSecond)} messages/s in; out ${n(messagesPerSecond)} × ${n(plan.nodesPerRoom)} nodes, and heartbeats 2 × ${n(nodes)}² = **${n(plan.busHeardPerSecond)} messages/s, ${n(plan.busMBPerSecond)} MB/s, ${n(plan.redisCores)} cores**, of which one Redis has one. Memory, if no two of a node's people share a room: ${n(connections)} × (1 + ${n(roomsPerPerson)} rooms) × s ${n(constants.topicBytes)} bytes = **${n(plan.redisMemoryMiB)} MiB**.`,
  ].join('\n');
}

/** A value to two digits, as far as it can be trusted. */
export function rounded(value: number): string {
  if (!Number.isFinite(value)) return 'no figure';
  if (value === 0) return '0';
  const isWhole = Number.isInteger(value);
  return isWhole
    ? value.toLocaleString('en')
    : Number(value.toPrecision(2)).toLocaleString('en', { maximumFractionDigits: 4 });
}

/** Rows as a Markdown table. */
export function table(head: string[], rows: readonly string[][]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

function two(single: number, batched: number, words: (value: number) => string): string {
  return `${words(single)} (${words(batched)})`;
}
