/**
 * Measures what a deployment on PostgreSQL, Redis and several nodes costs: `npx tsx bench/cluster/run.ts [--quick]`.
 * All of it shares this machine's cores, so the figures are CPU and counts; deliveries per second are only reported
 * beside them.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { cpus, loadavg } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { startCluster } from './cluster.ts';
import { bringCrowd, type Layout } from './crowd.ts';
import { measureDeliveries } from './deliveries.ts';
import { measureComing, measureEmpty, measureRooms } from './idle.ts';
import { measureLogRate } from './log-rate.ts';
import { Meter } from './meter.ts';
import { writePlanPage } from './plan-page.ts';
import type { ClusterResults } from './results.ts';
import { resultsPage } from './results-page.ts';
import { measureRoundTrips } from './round-trips.ts';
import { times } from './times.ts';

const { values } = parseArgs({ options: { quick: { type: 'boolean', default: false } } });
const layouts: Layout[] = ['one large room', 'small rooms, spread', 'small rooms, together'];
const startedAt = Date.now();
const loadBefore = loadavg()[0] ?? 0;

/** Reports progress. */
function say(what: string): void {
  process.stdout.write(`${Math.round((Date.now() - startedAt) / 1000)} s: ${what}\n`);
}

async function measure(): Promise<ClusterResults> {
  await using cluster = await startCluster();
  await cluster.grow(1);
  say('people come for the first time');
  const crowd = await bringCrowd(cluster, values.quick ? 700 : 1500);
  await using meter = await Meter.open(cluster);
  const parts = { cluster, crowd, meter, times: values.quick ? times.quick : times.full };
  const results: Omit<ClusterResults, 'machine'> = { deliveries: [], logRates: [], empty: [] };
  for (const nodes of [1, 2, 3]) {
    await cluster.grow(nodes);
    await cluster.tidy();
    say(`${nodes} nodes: nobody there`);
    results.empty.push(await measureEmpty(parts));
    for (const layout of layouts) {
      say(`${nodes} nodes: ${layout}`);
      results.deliveries.push(...(await measureDeliveries(parts, layout)));
    }
    if (nodes === 2) continue;
    for (const rooms of ['one', 'many'] as const) {
      say(`${nodes} nodes: as many messages as go, in ${rooms} of the rooms`);
      for (const inFlight of [1, 64, 512]) results.logRates.push(await measureLogRate(parts, rooms, inFlight));
    }
  }
  say('round trips to PostgreSQL');
  results.roundTrips = await measureRoundTrips(parts);
  await cluster.renew(3);
  await cluster.tidy();
  say('people come, stay and go');
  results.coming = await measureComing(parts);
  say('many rooms');
  results.rooms = await measureRooms(parts);
  return {
    machine: {
      cores: `${cpus().length} × ${cpus()[0]?.model ?? 'unknown'}`,
      node: process.version,
      postgres: (await meter.version()).replace(/ .*/, ''),
      date: new Date().toISOString().slice(0, 10),
      minutes: Math.round((Date.now() - startedAt) / 6000) / 10,
      form: values.quick ? 'quick' : 'full',
      loadBefore,
      flushMs: await meter.flushMs(),
    },
    ...results,
  };
}

const results = await measure();
const page = resultsPage(results);
// The quick form must not pass for the last full run.
const folder = fileURLToPath(
  new URL(values.quick ? '../.cache/results/cluster' : '../results/cluster', import.meta.url),
);
mkdirSync(folder, { recursive: true });
writeFileSync(join(folder, 'results.json'), `${JSON.stringify(results, undefined, 2)}\n`);
writeFileSync(join(folder, 'README.md'), page);
process.stdout.write(`\n${page}\nThe numbers are in ${folder}.\n`);
if (!values.quick) writePlanPage(results);
