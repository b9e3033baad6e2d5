import { createSubject, until, type World } from '@madang/verify';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { builtCli } from '../run-built.ts';

/* What restoring a backup takes, on one node and on several. */

/** How long it may take until clients have said enough, in ms. */
const TALK_MS = 15_000;

/** How many messages are acknowledged between a backup and its restoring. */
const TAKEN_BACK = 3;

/** The last servers' output may still be in transit for this long, in ms. */
export const LATE_MS = 300;

/** Waits until clients have sent what a backup made before does not have. Throws if they can't. */
export async function talkOn({ acknowledged, subjects }: World): Promise<void> {
  const before = acknowledged();
  if (await until(() => acknowledged() >= before + TAKEN_BACK, TALK_MS, 20)) return;
  throw new Error(`nothing was acknowledged after a backup: ${subjects[0].output()}`);
}

/** Waits until something is acknowledged that was sent to the restored database. Throws if nothing is. */
export async function talkAgain({ acknowledged, subjects }: World): Promise<void> {
  const restored = acknowledged();
  if (await until(() => acknowledged() > restored, TALK_MS)) return;
  const said = subjects.map((subject) => subject.output()).join('\n');
  throw new Error(`nothing was acknowledged after a backup was put back: ${said}`);
}

/**
 * Reads the log of the history that is about to end, through a server of its own that no client can reach. Nobody else
 * may write any more.
 */
export async function readLast(
  { keeper, rooms, history }: World,
  { data, flags = [] }: { data: string; flags?: readonly string[] },
): Promise<void> {
  const aside = await createSubject({ cli: builtCli, data, flags: ['--limits', 'off', ...flags] });
  await aside.start();
  try {
    for (const room of rooms) {
      for (const event of await keeper.readLog(room, aside.url)) history.add({ type: 'logged', event });
    }
  } finally {
    await aside.stop();
  }
}

/** Runs the program's other commands. Throws if one fails. */
export async function madang(...args: string[]): Promise<void> {
  const child = spawn(process.execPath, [builtCli, ...args], { stdio: ['ignore', 'ignore', 'pipe'] });
  let said = '';
  child.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()));
  const [code] = (await once(child, 'exit')) as [number | null];
  if (code !== 0) throw new Error(`madang ${args[0]} ended with ${code}: ${said}`);
}
