/**
 * Prints what a deployment of your size takes, based on the figures of the last full run: `npx tsx
 * bench/cluster/plan.ts --nodes 20 --connections 200000 --messages 4000 --people 30`. With `--write` it updates the
 * figures in `docs/scaling.md` instead.
 */
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { constantsOf, planOf } from './model.ts';
import { workloadOf, writePlanPage } from './plan-page.ts';
import { constantsTable, planSteps } from './plan-table.ts';
import type { ClusterResults } from './results.ts';

const { values } = parseArgs({
  options: {
    nodes: { type: 'string', default: '100' },
    connections: { type: 'string' },
    messages: { type: 'string' },
    people: { type: 'string' },
    rooms: { type: 'string' },
    minutes: { type: 'string' },
    write: { type: 'boolean', default: false },
  },
});

const file = new URL('../results/cluster/results.json', import.meta.url);
const results = JSON.parse(readFileSync(file, 'utf8')) as ClusterResults;

if (values.write) writePlanPage(results);
else {
  const usual = workloadOf(Number(values.nodes));
  const constants = constantsOf(results);
  const plan = planOf(constants, {
    nodes: usual.nodes,
    connections: Number(values.connections ?? usual.connections),
    messagesPerSecond: Number(values.messages ?? usual.messagesPerSecond),
    peoplePerRoom: Number(values.people ?? usual.peoplePerRoom),
    roomsPerPerson: Number(values.rooms ?? usual.roomsPerPerson),
    minutes: Number(values.minutes ?? usual.minutes),
  });
  process.stdout.write(`${constantsTable(constants)}\n\n${planSteps(plan, constants)}\n`);
}
