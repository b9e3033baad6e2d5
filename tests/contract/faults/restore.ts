import { createSubject, type Fault, pause, startAgain, type Subject, until, type World } from '@madang/verify';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { builtCli } from '../run-built.ts';

/** How long it may take until clients have sent something that the backup doesn't have, in ms. */
const TALK_MS = 15_000;

/** How many messages are acknowledged between a backup and its restoring. */
const TAKEN_BACK = 3;

/** The file beside a database that names its run. */
const MARK = '.run';

/** The last server's output may still be in transit for this long, in ms. */
const LATE_MS = 300;

/**
 * A backup is made, clients talk on, and the backup replaces the database: everything sent since is gone, and nothing
 * else. Backups are made by the command while the server runs, or by hand while it is stopped, and are restored either
 * way.
 */
export const restore: Fault = {
  kind: 'restore',
  weight: 1,
  run: async (world) => {
    const { subjects, history, tally, random, acknowledged } = world;
    const [subject] = subjects;
    const backup = join(subject.data, '..', `backup-${tally.restores}.db`);
    history.add({ type: 'backed-up' });
    if (random.chance(0.5)) await madang('backup', backup, '--data', subject.data);
    else await copyStopped(world, backup);
    const before = acknowledged();
    const hasTalked = await until(() => acknowledged() >= before + TAKEN_BACK, TALK_MS, 20);
    if (!hasTalked) throw new Error(`nothing was acknowledged after a backup: ${subject.output()}`);
    await pause(random.between(0, 1000));
    if (random.chance(0.5)) await subject.kill();
    else await subject.stop();
    await Promise.all([readLast(world, subject), pause(LATE_MS)]);
    if (random.chance(0.5)) await madang('restore', backup, '--data', subject.data);
    else putBack(backup, databaseOf(subject));
    for (const end of ['', MARK]) rmSync(`${backup}${end}`, { force: true });
    history.add({ type: 'restored' });
    tally.restores += 1;
    await startAgain(world, subject);
    const restored = acknowledged();
    if (await until(() => acknowledged() > restored, TALK_MS)) return;
    throw new Error(`nothing was acknowledged after a backup was put back: ${subject.output()}`);
  },
};

function databaseOf({ data }: Subject): string {
  return join(data, 'madang.db');
}

async function copyStopped(world: World, backup: string): Promise<void> {
  const [subject] = world.subjects;
  await subject.stop();
  for (const end of ['', MARK]) copyFileSync(`${databaseOf(subject)}${end}`, `${backup}${end}`);
  await startAgain(world, subject);
}

/** The log of the history that is about to end, read where no other client can reach it. */
async function readLast({ keeper, rooms, history }: World, { data }: Subject): Promise<void> {
  const aside = await createSubject({ cli: builtCli, data, flags: ['--limits', 'off'] });
  await aside.start();
  try {
    for (const room of rooms) {
      for (const event of await keeper.readLog(room, aside.url)) history.add({ type: 'logged', event });
    }
  } finally {
    await aside.stop();
  }
}

/** What someone does who doesn't know the command, and has perhaps copied the whole folder. */
function putBack(backup: string, database: string): void {
  for (const end of ['-wal', '-shm']) rmSync(`${database}${end}`, { force: true });
  for (const end of ['', MARK]) if (existsSync(`${backup}${end}`)) copyFileSync(`${backup}${end}`, `${database}${end}`);
}

async function madang(...args: string[]): Promise<void> {
  const child = spawn(process.execPath, [builtCli, ...args], { stdio: ['ignore', 'ignore', 'pipe'] });
  let said = '';
  child.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()));
  const [code] = (await once(child, 'exit')) as [number | null];
  if (code !== 0) throw new Error(`madang ${args[0]} ended with ${code}: ${said}`);
}
