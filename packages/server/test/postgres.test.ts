import { setTimeout } from 'node:timers/promises';
import { MadangError } from '@madang/protocol';
import { sql } from 'kysely';
import { Client } from 'pg';
import { beforeAll, describe, expect, test } from 'vitest';
import { startNetwork } from '../../../tests/support/network.ts';
import { startPostgres, type TestPostgres } from '../../../tests/support/postgres.ts';
import { openCopySide, openStore } from '../dist/store/open.js';
import { dropPartitionsBefore, ensurePartitions } from '../dist/store/postgres/partitions.js';
import type { Store } from '../dist/store/store.js';
import { silent } from './engines.ts';
import { ann, AT, eventsOf, join, makeRoom, say, seqsOf, upTo } from './workspace.ts';

/** What only PostgreSQL has: outages, many nodes starting at once, refused databases, partitions. */

let cluster: TestPostgres;
beforeAll(async () => {
  cluster = await startPostgres();
  return () => cluster[Symbol.asyncDispose]();
});

const open = (database: string, databaseConnections = 4): Promise<Store> =>
  openStore({ data: '', database, databaseConnections }, silent);

/** The error with which a database is refused. */
const refusal = async (database: string): Promise<string> => {
  try {
    const store = await open(database);
    await store.close();
  } catch (error) {
    return String(error);
  }
  return 'opened';
};

/** Repeats something until it no longer throws. */
async function eventually<Result>(run: () => Promise<Result>, limitMs = 15_000): Promise<Result> {
  const end = performance.now() + limitMs;
  for (;;) {
    try {
      return await run();
    } catch (error) {
      if (performance.now() > end) throw error;
      await setTimeout(50);
    }
  }
}

/** The error while PostgreSQL is gone; checks that it comes in time. */
async function expectUnavailable(asked: Promise<unknown>): Promise<void> {
  const start = performance.now();
  const error = await asked.then(
    () => 'answered',
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(MadangError);
  expect((error as MadangError).code).toBe('unavailable');
  expect(performance.now() - start).toBeLessThan(5000);
}

describe('PostgreSQL goes away and comes back', () => {
  const everything = (store: Store, text: string) => [
    store.commit([say('a', text)]),
    store.access('a', ann.id),
    store.events('a', 0, 10),
    store.read.selectFrom('rooms').selectAll().execute(),
    store.write.updateTable('users').set({ name: 'x' }).execute(),
    store.check(),
  ];

  test('S7 stopped or killed: everything is unavailable at once, and recovers on its own', async () => {
    await using own = await startPostgres();
    const store = await open(await own.newDatabase());
    await store.commit([makeRoom('a')]);
    const acknowledged: number[] = [];
    for (const end of ['stop', 'kill'] as const) {
      const underWay = upTo(30).map((n) =>
        store.commit([say('a', `${end} ${n}`), join('a', { id: `${end}${n}`, name: 'x' })]),
      );
      underWay.push(store.commit([say('a', 'x')]));
      const outcomes = Promise.allSettled(underWay);
      await underWay[3];
      await own[end]();
      for (const outcome of await outcomes) {
        if (outcome.status === 'fulfilled') acknowledged.push(...seqsOf(outcome.value));
        else expect(outcome.reason).toMatchObject({ code: 'unavailable' });
      }
      await Promise.all(everything(store, 'lost').map(expectUnavailable));
      await own.start();
      const [seq = 0] = seqsOf(await eventually(() => store.commit([say('a', 'back')])));
      acknowledged.push(seq);
      await Promise.all(everything(store, 'more'));
    }
    const events = await eventsOf(store, 'a');
    expect(events.map((event) => event.seq)).toEqual(upTo(events.length));
    expect(new Set(acknowledged).size).toBe(acknowledged.length);
    expect(Math.max(...acknowledged)).toBeLessThanOrEqual(events.length);
    expect(events.filter((event) => event.payload.includes('lost'))).toEqual([]);
    await store.close();
  });

  test('S7 silent: everything is unavailable in time, including queued sends, and recovers on its own', async () => {
    await using network = await startNetwork(cluster.port);
    const address = (await cluster.newDatabase()).replace(String(cluster.port), String(network.port));
    const store = await open(address, 8);
    await store.commit([makeRoom('a'), say('a', 'before')]);
    // Makes all connections, so that each lookup finds an idle one.
    await Promise.all(upTo(7).map(() => store.check()));
    network.freeze();
    // Each comes while those before it wait for an answer, and is in time as well.
    await Promise.all(
      upTo(4).map(async (n) => {
        await setTimeout(n * 50);
        await expectUnavailable(store.access('a', ann.id));
      }),
    );
    await Promise.all([...everything(store, 'lost'), store.commit([say('a', 'lost')])].map(expectUnavailable));
    await expectUnavailable(store.commit([say('a', 'lost')]));
    network.thaw();
    await eventually(() => store.commit([say('a', 'back')]));
    await Promise.all(everything(store, 'more'));
    const events = await eventsOf(store, 'a');
    expect(events.map((event) => event.seq)).toEqual(upTo(events.length));
    await store.close();
  });

  test('S7 a node that froze while holding a room’s lock blocks nobody for long', async () => {
    const address = await cluster.newDatabase();
    const store = await open(address);
    await store.commit([makeRoom('a')]);
    const frozen = new Client({ connectionString: address, idle_in_transaction_session_timeout: 2000 });
    frozen.on('error', () => undefined);
    await frozen.connect();
    await frozen.query('BEGIN');
    await frozen.query(`SELECT * FROM rooms WHERE id = 'a' FOR UPDATE`);
    const first = store.commit([say('a', 'x')]);
    await Promise.race([first, expectUnavailable(first)]).catch(() => undefined);
    expect(seqsOf(await eventually(() => store.commit([say('a', 'y')]), 5000))[0]).toBeGreaterThan(2);
    await frozen.end();
    await store.close();
  });

  test('S7 a full pool refuses reads in time instead of keeping them waiting', async () => {
    const address = await cluster.newDatabase();
    const store = await open(address, 2);
    const blocker = new Client({ connectionString: address });
    await blocker.connect();
    await blocker.query('BEGIN; LOCK TABLE users IN ACCESS EXCLUSIVE MODE');
    const reads = upTo(5).map(() => store.read.selectFrom('users').selectAll().execute());
    await Promise.all(reads.map(expectUnavailable));
    await blocker.query('ROLLBACK');
    await blocker.end();
    expect(await store.read.selectFrom('users').selectAll().execute()).toEqual([]);
    await store.close();
  });

  test('S7 whoever gave up while a new connection was being checked leaves it to the others', async () => {
    await using network = await startNetwork(cluster.port);
    const address = await cluster.newDatabase();
    // One connection to read with: a single lost one would show.
    const store = await open(address.replace(String(cluster.port), String(network.port)), 2);
    const read = () => store.read.selectFrom('users').selectAll().execute();
    const database = new URL(address).pathname.slice(1);
    const breakIt = `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
      WHERE datname = '${database}' AND query LIKE '%pg_sleep(2)%' AND pid <> pg_backend_pid()`;
    // A caller waits for 1.2 s. A connection takes 0.2 s to open, and as long to check.
    for (const ms of [750, 850, 950]) {
      await eventually(read);
      network.slow(100);
      const ended = Promise.allSettled([sql`SELECT pg_sleep(2)`.execute(store.read), read()]);
      await setTimeout(ms);
      await cluster.sql(address, breakIt);
      await ended;
      network.thaw();
    }
    expect(await eventually(read)).toEqual([]);
    await store.close();
  });
});

describe('starting', () => {
  test('S2 ten nodes at once on a new database, and again, have one epoch', async () => {
    const address = await cluster.newDatabase();
    for (const attempt of [1, 2]) {
      const nodes = await Promise.all(upTo(10).map(() => open(address, 2)));
      expect(new Set(nodes.map((node) => node.epoch)).size).toBe(1);
      const made = await Promise.all(nodes.map((node) => node.commit([makeRoom(`lobby${attempt}`)])));
      expect(made.flat().filter(({ status }) => status === 'appended')).toHaveLength(1);
      await Promise.all(nodes.map((node) => node.close()));
    }
  });

  test('a newer database is refused and left untouched', async () => {
    const address = await cluster.newDatabase();
    await (await open(address)).close();
    await cluster.sql(address, `INSERT INTO kysely_migration VALUES ('9999-later', 'now'); DROP TABLE reads`);
    expect(await refusal(address)).toContain('written by a newer Madang (it has "9999-later")');
    expect(await cluster.sql(address, `SELECT to_regclass('reads') AS there`)).toEqual([{ there: null }]);
  });

  test('another program’s database is refused and left untouched', async () => {
    const address = await cluster.newDatabase();
    await cluster.sql(address, 'CREATE TABLE users (id int)');
    expect(await refusal(address)).toContain('belongs to another program');
    expect(await cluster.sql(address, `SELECT to_regclass('meta') AS there`)).toEqual([{ there: null }]);
  });

  test('a database with an unfinished copy is refused', async () => {
    const address = await cluster.newDatabase();
    await (await open(address)).close();
    await cluster.sql(address, `INSERT INTO meta VALUES ('copy', '{}')`);
    expect(await refusal(address)).toContain('copy into the database');
  });

  test('a copy waits for the connections of a server that is just ending, and for no others', async () => {
    const address = await cluster.newDatabase();
    const client = new Client({ connectionString: address, application_name: 'madang' });
    await client.connect();
    await expect(openCopySide(address, 'target', silent)).rejects.toThrow('is in use by a Madang');
    const ended = setTimeout(500).then(() => client.end());
    await using side = await openCopySide(address, 'target', silent);
    expect(side.name).toContain('postgres://');
    await ended;
  });

  test('an unusable address is refused in plain words, without the password', async () => {
    const secret = 'geheim';
    const at = (place: string, user = 'madang') => `postgres://${user}:${secret}@${place}`;
    const words: Record<string, string> = {
      [at(`127.0.0.1:1/x`)]: "can't be reached",
      [at(`127.0.0.1:${cluster.port}/nowhere`)]: 'There is no database',
      [at(`127.0.0.1:${cluster.port}/postgres`, 'nobody')]: 'did not let nobody in',
      [at('no-such-host.invalid/x')]: "can't be reached",
      [at('127.0.0.1:1,127.0.0.1:2/x')]: "can't be reached",
      [at(`127.0.0.1:1,127.0.0.1:${cluster.port}/postgres`, 'nobody')]: 'did not let nobody in',
      [`mysql://madang:${secret}@localhost/x`]: 'not a PostgreSQL address',
      [`postgres://madang:${secret}@:::/x`]: 'not a PostgreSQL address',
    };
    for (const [address, expected] of Object.entries(words)) {
      const said = await refusal(address);
      expect(said).toContain(expected);
      expect(said).not.toContain(secret);
      expect(said).toMatch(/^StartError: /);
    }
  });

  test('a database that would lose messages, or can’t hold them, is refused', async () => {
    const alter = async (setting: string) => {
      const address = await cluster.newDatabase();
      await cluster.sql(address, `ALTER DATABASE ${new URL(address).pathname.slice(1)} SET ${setting}`);
      return refusal(address);
    };
    expect(await alter('synchronous_commit = off')).toContain('synchronous_commit');
    expect(await alter('default_transaction_read_only = on')).toContain('read-only');
    expect(await alter('search_path = nowhere')).toContain('no schema');
    const ascii = await cluster.newDatabase(`ENCODING 'SQL_ASCII' LOCALE 'C' TEMPLATE template0`);
    expect(await refusal(ascii)).toContain('SQL_ASCII');
    const address = await cluster.newDatabase();
    await cluster.sql(address, 'CREATE ROLE guest LOGIN; REVOKE CREATE ON SCHEMA public FROM PUBLIC');
    expect(await refusal(address.replace('madang@', 'guest@'))).toContain('guest may not make tables');
    await using careless = await startPostgres(['fsync=off']);
    expect(await refusal(await careless.newDatabase())).toContain('fsync');
  });
});

describe('plans', () => {
  test('sending in a new workspace does not read all earlier messages', async () => {
    // Only the store itself may lead its statements to better plans.
    await using own = await startPostgres(['autovacuum=off']);
    const address = await own.newDatabase();
    const store = await open(address);
    await store.commit([makeRoom('a')]);
    await own.sql(address, 'VACUUM ANALYZE');
    // PostgreSQL decides at the sixth execution which plan to keep.
    for (const n of upTo(10)) await store.commit([say('a', 'x', { guard: ann.id, clientId: `first ${n}` })]);
    for (const batch of upTo(60)) {
      const sent = upTo(100).map((n) => say('a', 'x', { guard: ann.id, clientId: `${batch} ${n}` }));
      expect(seqsOf(await store.commit(sent))[99]).toBe(12 + batch * 100);
    }
    // A session reports its statistics when it ends, or later.
    await store.close();
    const told = `SELECT seq_tup_read, n_tup_ins FROM pg_stat_user_tables WHERE relname = 'messages'`;
    const read = await eventually(async () => {
      const [row] = await own.sql(address, told);
      expect(Number(row?.['n_tup_ins'])).toBe(6010);
      return Number(row?.['seq_tup_read']);
    });
    // If each send read all messages before it, that would be 18 million rows.
    expect(read).toBeLessThan(1_200_000);
  });
});

describe('the log’s partitions', () => {
  const tables = async (address: string) => {
    const rows = await cluster.sql(
      address,
      `SELECT tableoid::regclass::text AS name, count(*)::int AS rows FROM events GROUP BY 1 ORDER BY 1`,
    );
    return rows.map((row) => [row['name'], row['rows']]);
  };
  const month = (text: string) => Date.parse(`${text}-15T00:00:00Z`);

  test('S2 months hold their events; retention drops whole months; the log continues', async () => {
    const address = await cluster.newDatabase();
    const store = await open(address);
    const client = new Client({ connectionString: address });
    await client.connect();
    await ensurePartitions(client, { from: month('2025-11'), now: month('2026-01') });
    await store.commit([{ ...makeRoom('a'), at: month('2025-11') }]);
    await store.commit([say('a', 'x', { at: month('2025-12') }), say('a', 'y', { at: month('2026-02') })]);
    expect(await tables(address)).toEqual([
      ['events_2025_11', 2],
      ['events_2025_12', 1],
      ['events_2026_02', 1],
    ]);
    expect((await eventsOf(store, 'a')).map(({ seq }) => seq)).toEqual([1, 2, 3, 4]);
    expect(await dropPartitionsBefore(client, Date.parse('2026-01-01T00:00:00Z'))).toEqual([
      'events_2025_11',
      'events_2025_12',
    ]);
    expect((await eventsOf(store, 'a')).map(({ seq }) => seq)).toEqual([4]);
    expect(seqsOf(await store.commit([say('a', 'z', { at: AT })]))).toEqual([5]);
    await client.end();
    await store.close();
  });

  test('S2 pages are complete whatever the nodes’ clocks did', async () => {
    const address = await cluster.newDatabase();
    const store = await open(address);
    const client = new Client({ connectionString: address });
    await client.connect();
    await ensurePartitions(client, { from: month('2025-01'), now: month('2026-01') });
    await store.commit([{ ...makeRoom('a'), at: month('2025-06') }]);
    const times = ['2025-06', '2025-11', '2025-02', '2025-12', '2025-01', '2026-01', '2025-12', '2025-03'].map(month);
    await store.commit(times.flatMap((at, n) => [say('a', `m${n}`, { at }), join('a', { id: `g${n}`, name: 'x' })]));
    for (const after of [0, ...upTo(18)]) {
      for (const limit of upTo(19)) {
        const seqs = (await store.events('a', after, limit)).map(({ seq }) => seq);
        expect(seqs).toEqual(upTo(Math.min(limit, 18 - after)).map((n) => n + after));
      }
    }
    await client.end();
    await store.close();
  });

  test('S2 events from before their month had a partition are moved into it while others write', async () => {
    const address = await cluster.newDatabase();
    const store = await open(address);
    await store.commit([makeRoom('a'), ...upTo(50).map((n) => say('a', `m${n}`, { at: month('2031-05') }))]);
    expect(await tables(address)).toContainEqual(['events_rest', 52]);
    const client = new Client({ connectionString: address });
    await client.connect();
    const writing = upTo(60).map((n) => store.commit([say('a', `w${n}`, { at: month('2031-05') })]));
    await ensurePartitions(client, { from: month('2031-05'), now: month('2031-05') });
    expect(seqsOf((await Promise.all(writing)).flat())).toEqual(upTo(60).map((n) => n + 52));
    expect(await tables(address)).toEqual([
      ['events_2031_05', 110],
      ['events_rest', 2],
    ]);
    expect((await eventsOf(store, 'a')).map(({ seq }) => seq)).toEqual(upTo(112));
    await client.end();
    await store.close();
  });
});
