import { expect, test, vi } from 'vitest';
import { say } from '../support/chat.ts';
import { Disposables } from '../support/disposables.ts';
import { outcome } from '../support/transport-client.ts';
import { connectJsonRpc } from '../support/json-rpc-client.ts';
import { startNetwork, type TestNetwork } from '../support/network.ts';
import { readiness, startNodes, type TestNodes } from '../support/nodes.ts';
import { startSynchronousStandby, type TestPostgres } from '../support/postgres.ts';
import type { TestServer } from '../support/start-server.ts';
import { expectNothingLost, sendUntilAccepted, lobbyTexts, startWriter } from '../support/writer.ts';

// Each test starts two PostgreSQLs, Redis and two servers, which takes long on a busy machine, and then mostly waits.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000, maxConcurrency: 2 });

/** A workspace whose PostgreSQL has a standby, and a way in which its address comes to lead there. */
interface StandbyWorkspace extends AsyncDisposable {
  workspace: TestNodes;
  standby: TestPostgres;
  /** What an operator or a virtual IP does in addition to promoting the standby. */
  switchOver(): void;
}

/** The ways in which a database's address leads to whichever server is the primary. */
const ways: Record<string, () => Promise<StandbyWorkspace>> = {
  'both hosts in the address': async () => {
    const parts = await startWorkspace(async (primary, standby, url) =>
      url.replace(`:${primary.port}`, `:${primary.port},127.0.0.1:${standby.port}`),
    );
    return { ...parts, switchOver: () => undefined };
  },
  'an address that moves': async () => {
    let network: TestNetwork | undefined;
    const parts = await startWorkspace(async (primary, _standby, url) => {
      network = await startNetwork(primary.port);
      return url.replace(`:${primary.port}`, `:${network.port}`);
    });
    const end = async () => {
      await parts[Symbol.asyncDispose]();
      await network?.[Symbol.asyncDispose]();
    };
    return { ...parts, switchOver: () => network?.moveTo(parts.standby.port), [Symbol.asyncDispose]: end };
  },
};

async function startWorkspace(
  address: (primary: TestPostgres, standby: TestPostgres, url: string) => Promise<string>,
): Promise<Omit<StandbyWorkspace, 'switchOver'>> {
  let standby: TestPostgres | undefined;
  const workspace = await startNodes({
    flags: ['--limits', 'off'],
    databaseUrl: async (primary, url) => {
      standby = await startSynchronousStandby(primary);
      return address(primary, standby, url);
    },
  });
  const end = async () => {
    // The standby last: a primary that waits for it keeps its sessions.
    await workspace[Symbol.asyncDispose]();
    await standby?.[Symbol.asyncDispose]();
  };
  return { workspace, standby: standby as TestPostgres, [Symbol.asyncDispose]: end };
}

for (const [way, startStandbyWorkspace] of Object.entries(ways)) {
  test.concurrent(`O2 D1 PostgreSQL fails over to its standby, with ${way}: nothing acknowledged is lost, and everything continues`, async () => {
    await using parts = await startStandbyWorkspace();
    const { workspace, standby } = parts;
    const [first, second] = workspace.nodes as [TestServer, TestServer];
    await using open = new Disposables();
    const raw = open.use(await connectJsonRpc(first.url, { name: 'Raw' }));
    const writers = await Promise.all(
      [first, first, second].map((node, index) => startWriter(node.url, `writer${index}`)),
    );
    for (const writer of writers) open.use(writer);
    await vi.waitFor(() => expect(writers.every(({ acknowledged }) => acknowledged.size > 5)).toBe(true), 15_000);

    await workspace.postgres.kill();
    const start = performance.now();
    const refused = await outcome(raw, 'message.send', { room: 'lobby', text: 'refused', clientId: 'refused' });
    expect(refused).toBe('unavailable');
    expect(performance.now() - start).toBeLessThan(5000);
    expect(await readiness(second)).toMatchObject({ status: 'unavailable', store: 'down' });
    const heard = writers.map((writer) => writer.heard.length);
    expect(await outcome(raw, 'message.send', { room: 'lobby', text: 'x', clientId: 'x' })).toBe('unavailable');
    expect(writers.map((writer) => writer.heard.length)).toEqual(heard);

    await standby.promote();
    parts.switchOver();
    const recovery = await sendUntilAccepted(raw, 'refused');
    process.stdout.write(`  ${way}: sends work ${Math.round(recovery)} ms after the standby was promoted\n`);
    expect(recovery).toBeLessThan(5000);
    await vi.waitFor(async () => expect(await readiness(second)).toMatchObject({ status: 'ready' }), 10_000);
    await expectNothingLost(raw, writers);
  });
}

test.concurrent('O2 a server that becomes read-only is left for the one that accepts writes', async () => {
  await using parts = await (ways['both hosts in the address'] as () => Promise<StandbyWorkspace>)();
  const { workspace, standby } = parts;
  await using open = new Disposables();
  const [first, second] = workspace.nodes as [TestServer, TestServer];
  const ari = open.use(await connectJsonRpc(first.url, { name: 'Ari' }));
  const writer = open.use(await startWriter(second.url, 'writer'));
  await say(ari, 'before');
  // The old primary stays up with all its connections, like one that a failover manager has fenced.
  const admin = workspace.postgres.url('postgres');
  await workspace.postgres.sql(admin, 'ALTER SYSTEM SET default_transaction_read_only = on');
  await workspace.postgres.sql(admin, 'SELECT pg_reload_conf()');
  await vi.waitFor(
    async () =>
      expect(await workspace.postgres.sql(admin, 'SHOW transaction_read_only')).toEqual([
        { transaction_read_only: 'on' },
      ]),
    10_000,
  );
  expect(await outcome(ari, 'message.send', { room: 'lobby', text: 'x', clientId: 'x' })).toBe('unavailable');
  await standby.promote();
  expect(await sendUntilAccepted(ari, 'x')).toBeLessThan(5000);
  await expectNothingLost(ari, [writer]);
  const left = `SELECT count(*)::int AS count FROM pg_stat_activity WHERE application_name = 'madang'`;
  await vi.waitFor(async () => expect(await workspace.postgres.sql(admin, left)).toEqual([{ count: 0 }]), 10_000);
});

test.concurrent('D1 a commit whose wait for the standby is cancelled is not acknowledged', async () => {
  await using parts = await (ways['both hosts in the address'] as () => Promise<StandbyWorkspace>)();
  const { workspace, standby } = parts;
  const [first] = workspace.nodes as [TestServer];
  await using ari = await connectJsonRpc(first.url, { name: 'Ari' });
  await standby.kill();
  const admin = workspace.postgres.url('postgres');
  const sent = outcome(ari, 'message.send', { room: 'lobby', text: 'on-one-disk', clientId: 'on-one-disk' });
  const cancel = `SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE wait_event = 'SyncRep'`;
  await vi.waitFor(async () => expect((await workspace.postgres.sql(admin, cancel)).length).toBeGreaterThan(0), 5000);
  expect(await sent).toBe('unavailable');
  await standby.start();
  await sendUntilAccepted(ari, 'on-one-disk');
  expect([...(await lobbyTexts(ari)).values()].filter((text) => text === 'on-one-disk')).toHaveLength(1);
});
