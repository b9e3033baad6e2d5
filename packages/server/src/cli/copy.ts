import { copyYard, type CopyProgress } from '../store/copy.js';
import { openCopySide } from '../store/open.js';

/** Cells of the bar. */
const WIDTH = 30;

/**
 * `madang copy`: moves a yard from one database to another, and checks the copy. On a terminal it shows a bar, elsewhere
 * a line for every tenth.
 * @throws StartError in plain words
 */
export async function copy(places: { from: string; to: string }): Promise<void> {
  await using from = await openCopySide(places.from, 'source');
  await using to = await openCopySide(places.to, 'target');
  process.stderr.write(`Copying ${from.name} to ${to.name}\n`);
  const rows = await copyYard(from, to, process.stderr.isTTY ? drawBar() : writeTenths());
  process.stderr.write(`${process.stderr.isTTY ? '\n' : ''}Done: ${rows} rows, copied and compared.\n`);
}

function drawBar(): (progress: CopyProgress) => void {
  return ({ phase, table, done, total }) => {
    const share = shareOf(done, total);
    const bar = '█'.repeat(Math.floor(share * WIDTH)).padEnd(WIDTH, '░');
    process.stderr.write(`\r\u001b[K${bar} ${percent(share)} ${phase} ${table}`);
  };
}

function writeTenths(): (progress: CopyProgress) => void {
  let last = '';
  return ({ phase, done, total }) => {
    const line = `${phase}: ${percent(Math.floor(shareOf(done, total) * 10) / 10)}\n`;
    if (line !== last) process.stderr.write(line);
    last = line;
  };
}

function shareOf(done: number, total: number): number {
  return total === 0 ? 1 : Math.min(1, done / total);
}

function percent(share: number): string {
  return `${Math.floor(share * 100)} %`;
}
