import { createLogger } from '../logger.js';
import { type CopyProgress, copyWorkspace } from '../store/copy.js';
import { openCopySide } from '../store/open.js';
import { progressOn } from './progress.js';

/**
 * `madang copy`: copies a workspace from one database to another, and checks the copy. Shows a bar on a terminal,
 * elsewhere a line for every tenth.
 * @throws StartError in plain words
 */
export async function copy(places: { from: string; to: string }): Promise<void> {
  const logger = createLogger({ level: 'warn', isForPeople: true });
  await using from = await openCopySide(places.from, 'source', logger);
  await using to = await openCopySide(places.to, 'target', logger);
  process.stderr.write(`Copying ${from.name} to ${to.name}\n`);
  const rows = await copyWorkspace(from, to, showProgress());
  process.stderr.write(`${process.stderr.isTTY ? '\n' : ''}Done: ${rows} rows, copied and compared.\n`);
}

/** Shows the progress. */
function showProgress(): (progress: CopyProgress) => void {
  const show = progressOn(process.stderr);
  return ({ phase, table, done, total }) => show({ phase, of: table, share: total === 0 ? 1 : done / total });
}
