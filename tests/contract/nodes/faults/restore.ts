import { type Fault, pause } from '@madang/verify';
import { join } from 'node:path';
import { LATE_MS, madang, readLast, talkAgain, talkOn } from '../../faults/take-back.ts';
import type { Backing } from '../backing.ts';
import { startAll } from './nodes.ts';

/** How a backup of PostgreSQL is made and restored. */
interface Way {
  kind: string;
  backUp: (backing: Backing) => Promise<void>;
  /** Replaces the database. Calls `admit` once nobody can reach the old one: from then on nodes try to. */
  putBack: (backing: Backing, admit: () => void) => Promise<void>;
  /** Whether nodes that start afterwards can't know that it was restored. */
  isUnseen?: boolean;
}

/** As the documentation says: a dump, restored into a new database that then takes the old one's name. */
const dump: Way = {
  kind: 'dump restored',
  backUp: async ({ postgres, database }) =>
    postgres.run('pg_dump', ['--format=custom', '--file=backup.dump', `--dbname=${database}`]),
  putBack: async (backing, admit) => {
    const { postgres, database } = backing;
    const name = nameOf(database);
    const admin = postgres.url('postgres');
    await postgres.sql(admin, `CREATE DATABASE ${name}_restored`);
    await postgres.run('pg_restore', [`--dbname=${postgres.url(`${name}_restored`)}`, 'backup.dump']);
    await postgres.sql(admin, `ALTER DATABASE ${name} ALLOW_CONNECTIONS false`);
    admit();
    await endSessions(backing);
    await postgres.sql(admin, `ALTER DATABASE ${name} RENAME TO ${name}_before`);
    await postgres.sql(admin, `ALTER DATABASE ${name}_restored RENAME TO ${name}`);
    await postgres.sql(admin, `DROP DATABASE ${name}_before`);
  },
};

/** As a snapshot of its disk: everything returns as it was, the cluster's own account of its history included. */
const files: Way = {
  kind: 'files restored',
  backUp: async ({ postgres }) => {
    await postgres.stop();
    try {
      await postgres.saveFiles();
    } finally {
      await postgres.start();
    }
  },
  putBack: async ({ postgres }, admit) => {
    await postgres.stop();
    try {
      await postgres.putFilesBack();
      admit();
    } finally {
      await postgres.start();
    }
  },
  isUnseen: true,
};

/**
 * Backups are made, clients talk on, and a backup replaces the database: under nodes that run, and wait for their
 * database, or under nodes that are restarted.
 */
export function restores(backing: Backing): Fault[] {
  return [dump, files].flatMap((way) => [restoring(backing, way, 'running'), restoring(backing, way, 'restarted')]);
}

function restoring(backing: Backing, way: Way, nodes: 'running' | 'restarted'): Fault {
  const { database, ways } = backing;
  return {
    kind: `${way.kind} to ${nodes} nodes`,
    weight: 1,
    run: async (world) => {
      const { subjects, history, tally, random } = world;
      const flags = ['--database', database];
      const thaw = () => ways.forEach((each) => each.postgres.thaw());
      const data = join(subjects[0].data, '..', 'aside');
      history.add({ type: 'backed-up' });
      await way.backUp(backing);
      await talkOn(world);
      await pause(random.between(0, 500));
      try {
        for (const each of ways) each.postgres.cut();
        if (nodes === 'restarted') await Promise.all(subjects.map((subject) => subject.kill()));
        await endSessions(backing);
        await Promise.all([readLast(world, { data, flags }), pause(LATE_MS)]);
        await endSessions(backing);
        await way.putBack(backing, () => {
          history.add({ type: 'restored' });
          tally.restores += 1;
          thaw();
        });
      } finally {
        thaw();
      }
      if (nodes === 'restarted') {
        if (way.isUnseen) await madang('new-epoch', ...flags);
        await startAll(world);
      }
      await talkAgain(world);
    },
  };
}

/** Nobody writes any more: not even a COMMIT is still on its way. */
async function endSessions({ postgres, database }: Backing): Promise<void> {
  const others = `FROM pg_stat_activity WHERE datname = '${nameOf(database)}' AND pid <> pg_backend_pid()`;
  const admin = postgres.url('postgres');
  await postgres.sql(admin, `SELECT pg_terminate_backend(pid) ${others}`);
  while ((await postgres.sql(admin, `SELECT 1 ${others}`)).length > 0) await pause(20);
}

function nameOf(database: string): string {
  return new URL(database).pathname.slice(1);
}
