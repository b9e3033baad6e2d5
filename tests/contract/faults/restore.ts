import { type Fault, pause, startAgain, type Subject, type World } from '@madang/verify';
import { copyFileSync, existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { LATE_MS, madang, readLast, talkAgain, talkOn } from './take-back.ts';

/** The file beside a database that names its run. */
const MARK = '.run';

/**
 * A backup is made, clients talk on, and the backup replaces the database: everything sent since is gone, and nothing
 * else. Backups are made by the command while the server runs, or by hand while it is stopped, and are restored either
 * way.
 */
export const restore: Fault = {
  kind: 'restore',
  weight: 1,
  run: async (world) => {
    const { subjects, history, tally, random } = world;
    const [subject] = subjects;
    const backup = join(subject.data, '..', `backup-${tally.restores}.db`);
    history.add({ type: 'backed-up' });
    if (random.chance(0.5)) await madang('backup', backup, '--data', subject.data);
    else await copyStopped(world, backup);
    await talkOn(world);
    await pause(random.between(0, 1000));
    if (random.chance(0.5)) await subject.kill();
    else await subject.stop();
    await Promise.all([readLast(world, { data: subject.data }), pause(LATE_MS)]);
    if (random.chance(0.5)) await madang('restore', backup, '--data', subject.data);
    else putBack(backup, databaseOf(subject));
    for (const end of ['', MARK]) rmSync(`${backup}${end}`, { force: true });
    history.add({ type: 'restored' });
    tally.restores += 1;
    await startAgain(world, subject);
    await talkAgain(world);
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

/** What someone does who doesn't know the command, and has perhaps copied the whole folder. */
function putBack(backup: string, database: string): void {
  for (const end of ['-wal', '-shm']) rmSync(`${database}${end}`, { force: true });
  for (const end of ['', MARK]) if (existsSync(`${backup}${end}`)) copyFileSync(`${backup}${end}`, `${database}${end}`);
}
