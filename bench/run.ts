/**
 * Measures Madang and its peers: `npx tsx bench/run.ts [--quick] [--only saturated,paced]`. This process is the load
 * generator, on one core; the servers take turns on another.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { cpus, setPriority, totalmem } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { beforeRows, buildCommit } from './lib/before.ts';
import { barChart } from './lib/chart.ts';
import { bunProgram } from './lib/contender.ts';
import { pinSelf } from './lib/cpu.ts';
import type { Bench, Result } from './lib/result.ts';
import { median } from './lib/stats.ts';
import { markdownTable } from './lib/table.ts';
import { percent } from './lib/words.ts';
import { scenarios } from './scenarios/all.ts';

const { values } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    only: { type: 'string' },
    contenders: { type: 'string' },
    rounds: { type: 'string' },
    seconds: { type: 'string' },
    before: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
});

const say = (line: string) => void process.stdout.write(`${line}\n`);

if (values.help) {
  say(
    'npx tsx bench/run.ts [--quick] [--only <scenario>,<scenario>] [--contenders madangWs,ws] [--rounds 3] [--seconds 5] [--before <commit>]',
  );
  for (const { name, title } of scenarios) say(`  ${name.padEnd(12)} ${title}`);
} else {
  await run();
}

async function run(): Promise<void> {
  const wanted = values.only?.split(',');
  const unknown = wanted?.find((name) => !scenarios.some((scenario) => scenario.name === name));
  if (unknown !== undefined) throw new Error(`There is no scenario "${unknown}"; see --help.`);
  if (cpus().length < 2) throw new Error('The server and the load generator need a core each.');
  const bench: Bench = {
    quick: values.quick,
    rounds: Number(values.rounds ?? (values.quick ? 1 : 3)),
    seconds: Number(values.seconds ?? (values.quick ? 1.2 : 5)),
    warmUpSeconds: values.quick ? 0.7 : 2,
    serverCore: 1,
    generatorCore: 0,
    othersBusy: [],
    ...(values.contenders !== undefined && { only: values.contenders.split(',') }),
    ...(values.before !== undefined && { before: { program: buildCommit(values.before), pairs: [] } }),
    say,
  };
  const nice = process.env['BENCH_NICE'];
  if (nice !== undefined) setPriority(Number(nice));
  pinSelf(bench.generatorCore);
  const startedAt = Date.now();
  const results: Record<string, Result> = {};
  for (const scenario of scenarios) {
    if (wanted && !wanted.includes(scenario.name)) continue;
    say(`${scenario.name}: ${scenario.title}`);
    try {
      const result = await scenario.run(bench);
      const pairs = bench.before?.pairs.splice(0) ?? [];
      results[scenario.name] = { ...result, rows: [...result.rows, ...beforeRows(scenario.name, pairs)] };
    } catch (error) {
      const note = error instanceof Error ? error.message : String(error);
      say(`  no figure: ${note}`);
      const [line] = note.split('\n');
      const row = {
        what: scenario.title,
        madang: '',
        beside: '',
        target: 'a figure',
        reached: undefined,
        note: line ?? '',
      };
      results[scenario.name] = { rows: [row], raw: { error: note } };
    }
  }
  report(results, { ms: Date.now() - startedAt, othersBusy: median(bench.othersBusy) });
}

function report(results: Record<string, Result>, took: { ms: number; othersBusy: number }): void {
  const machine = {
    cores: `${cpus().length} × ${cpus()[0]?.model ?? 'unknown'}`,
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    node: process.version,
    bun: bunProgram() === undefined ? 'not there' : 'there',
    date: new Date().toISOString().slice(0, 10),
    minutes: Math.round(took.ms / 6000) / 10,
    othersBusy: took.othersBusy,
    form: values.quick ? 'quick' : 'full',
  };
  const table = markdownTable(Object.values(results).flatMap(({ rows }) => rows));
  const head = `${machine.form} run of ${machine.minutes} min, ${machine.cores}, Node ${machine.node}, Bun ${machine.bun}, ${machine.date}; other programs took ${Number.isNaN(took.othersBusy) ? 'an unknown share' : percent(took.othersBusy)} of the server's core (median)`;
  say(`\n${head}\n\n${table}`);
  // A selection of scenarios or the quick form must not pass for the last full run.
  const isWhole =
    !values.quick && values.only === undefined && values.contenders === undefined && values.before === undefined;
  const folder = fileURLToPath(new URL(isWhole ? 'results' : '.cache/results', import.meta.url));
  mkdirSync(folder, { recursive: true });
  const groups = Object.values(results).flatMap(({ bars }) => bars ?? []);
  writeFileSync(join(folder, 'results.json'), `${JSON.stringify({ machine, results }, undefined, 2)}\n`);
  writeFileSync(join(folder, 'README.md'), `# The last full run\n\n${head}\n\n![](chart.svg)\n\n${table}\n`);
  writeFileSync(join(folder, 'chart.svg'), barChart(groups));
  say(`\nRaw numbers and the picture are in ${folder}.`);
}
