/**
 * Measures the web client in a real browser: `npm run bench:web -- [--quick] [--only <measure>,<measure>]`. Prints a
 * table; the exit code is 1 if a bound is not reached.
 */
import { parseArgs } from 'node:util';
import { type Figure, figureTable, isReached } from './measure.ts';
import { measures } from './measures.ts';
import { startSite } from './site.ts';

const { values } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    only: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
});

const say = (line: string) => void process.stdout.write(`${line}\n`);

if (values.help) {
  say('npm run bench:web -- [--quick] [--only <measure>,<measure>]');
  for (const { name, title } of measures) say(`  ${name.padEnd(16)} ${title}`);
} else {
  await run();
}

async function run(): Promise<void> {
  const wanted = values.only?.split(',');
  const unknown = wanted?.find((name) => !measures.some((measure) => measure.name === name));
  if (unknown !== undefined) throw new Error(`There is no measure "${unknown}"; see --help.`);
  const figures: Figure[] = [];
  for (const measure of measures) {
    if (wanted && !wanted.includes(measure.name)) continue;
    say(`${measure.title} …`);
    // Each has a server and a browser of its own: none is measured with what another has left there.
    // oxlint-disable-next-line no-await-in-loop -- one after the other
    await using site = await startSite({ quick: values.quick, say });
    // oxlint-disable-next-line no-await-in-loop
    figures.push(...(await measure.run(site)));
  }
  say(`\n${figureTable(figures)}`);
  // The browser, which the measures share, would keep the process.
  process.exit(figures.every(isReached) ? 0 : 1);
}
