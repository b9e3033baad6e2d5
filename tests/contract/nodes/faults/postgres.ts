import { type Fault, pause, until } from '@madang/verify';
import type { Backing } from '../backing.ts';
import { episode, type Hold } from './episode.ts';

/** The delay of everything to and from a slow PostgreSQL, each way, in ms. */
const LATE_MS = 100;

/** How long to wait for a commit that waits for a standby, in ms. */
const WAITS_MS = 3000;

const OURS = `FROM pg_stat_activity WHERE application_name = 'madang'`;

/** Faults of the PostgreSQL that all nodes share. */
export function postgresFaults(backing: Backing, hold: Hold): Fault[] {
  const { postgres, ways } = backing;
  const start = () => postgres.start();
  return [
    episode({ kind: 'PostgreSQL killed', weight: 2, begin: () => postgres.kill(), end: start }, hold),
    episode({ kind: 'PostgreSQL stopped', begin: () => postgres.stop(), end: start }, hold),
    episode({ kind: 'PostgreSQL crashed', begin: () => postgres.crash(), end: () => undefined }, hold),
    episode({ kind: 'PostgreSQL frozen', weight: 2, begin: () => postgres.freeze(), end: () => postgres.thaw() }, hold),
    episode(
      {
        kind: 'PostgreSQL slow',
        begin: () => {
          for (const way of ways) way.postgres.slow(LATE_MS);
        },
        end: () => {
          for (const way of ways) way.postgres.thaw();
        },
      },
      hold,
    ),
    backendsEnded(backing),
    commitsUnanswered(backing),
  ];
}

/** PostgreSQL itself ends connections, at any moment, again and again. */
function backendsEnded({ postgres, database }: Backing): Fault {
  return {
    kind: 'backends ended',
    weight: 2,
    run: async ({ random, history }) => {
      history.add({ type: 'fault', kind: 'backends ended' });
      for (let times = random.between(3, 8); times > 0; times -= 1) {
        await postgres.sql(database, `SELECT pg_terminate_backend(pid) ${OURS} AND random() < ${random.next()}`);
        await pause(random.between(0, 120));
      }
    },
  };
}

/**
 * COMMITs that happen, but whose answers are lost: they wait for a standby that never comes, and their connections are
 * ended while they wait. Their events are on disk, and nobody was told.
 */
function commitsUnanswered({ postgres, database }: Backing): Fault {
  const waiting = `${OURS} AND wait_event = 'SyncRep'`;
  const waitFor = async (standby: string): Promise<void> => {
    await postgres.sql(database, `ALTER SYSTEM SET synchronous_standby_names = '${standby}'`);
    await postgres.sql(database, 'SELECT pg_reload_conf()');
  };
  return {
    kind: 'COMMIT unanswered',
    weight: 2,
    run: async ({ random, history }) => {
      history.add({ type: 'fault', kind: 'COMMIT unanswered' });
      try {
        await waitFor('nobody');
        for (let times = random.between(1, 3); times > 0; times -= 1) {
          const waits = async () => (await postgres.sql(database, `SELECT 1 ${waiting}`)).length > 0;
          if (!(await until(waits, WAITS_MS, 20))) throw new Error('no COMMIT waits for a standby');
          await postgres.sql(database, `SELECT pg_terminate_backend(pid) ${waiting}`);
        }
      } finally {
        await waitFor('');
      }
    },
  };
}
