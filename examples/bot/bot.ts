import { createClient, type Cursors, MadangError } from '@madang/client';
import { renameSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';

/**
 * A bot that rolls dice: it answers `!roll 2d6` in every room it is in. Its identity and its progress are kept in a
 * file.
 */
const url = process.env['MADANG_URL'] ?? 'http://localhost:3000';
const stateFile = process.env['STATE_FILE'] ?? './bot-state.json';

const { token, cursors } = await savedState();
const client = createClient({
  url,
  name: 'dice',
  echo: false,
  ...(token !== undefined && { token }),
  ...(cursors && { resume: cursors }),
});

/** One piece of work after another, so that everything before the saved point has been done. */
let work = Promise.resolve();

client.on('message.created', ({ room, message }) => {
  const roll = /^!roll (\d{1,2})d(\d{1,3})$/.exec(message.text);
  then(async () => {
    if (roll) await answer(room, message.id, rolled(Number(roll[1]), Number(roll[2])));
  });
});

client.on('cursor.reset', ({ room, reason }) => process.stdout.write(`${room}: not all was heard (${reason})\n`));

client.state.subscribe(() => {
  const { status } = client.state.get();
  process.stdout.write(`${status}\n`);
  if (status === 'online') then(() => Promise.resolve());
});

client.connect();
process.once('SIGTERM', () => void client.close());

/** Does a piece of work once those before it are done, then saves the cursors that the bot had when it received it. */
function then(run: () => Promise<void>): void {
  const state = { token: client.token, cursors: client.cursors() };
  work = work.then(run).then(() => save(state));
  // The bot was closed before it was done: the next run does it.
  work.catch(() => {});
}

/** The id makes it one answer, even if the bot is killed after sending and before saving. */
async function answer(room: string, messageId: string, text: string): Promise<void> {
  try {
    await client.send(room, text, { clientId: `roll:${messageId}` }).sent;
  } catch (error) {
    const isRefused = error instanceof MadangError && error.code !== 'unavailable';
    if (!isRefused) throw error;
  }
}

function rolled(count: number, sides: number): string {
  const rolls = Array.from({ length: count }, () => 1 + Math.floor(Math.random() * sides));
  return `🎲 ${rolls.join(' + ')} = ${rolls.reduce((sum, each) => sum + each, 0)}`;
}

/** Writes another file and then renames it: whenever the bot is killed, one of the two is complete. */
function save(state: { token: string | undefined; cursors: Cursors | undefined }): void {
  writeFileSync(`${stateFile}.new`, JSON.stringify(state), { mode: 0o600, flush: true });
  renameSync(`${stateFile}.new`, stateFile);
}

async function savedState(): Promise<{ token?: string; cursors?: Cursors }> {
  try {
    return JSON.parse(await readFile(stateFile, 'utf8')) as { token?: string; cursors?: Cursors };
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return {};
    throw error;
  }
}
