import { expect, test, vi } from 'vitest';
import { startGuest } from '../support/guest.ts';
import { connectHttp } from '../support/http-client.ts';
import { isLong } from '../support/long.ts';
import { type TestNodes, readiness, startNodes } from '../support/nodes.ts';
import { Random } from '../support/random.ts';
import type { TestServer } from '../support/start-server.ts';
import { call, type TransportClient } from '../support/transport-client.ts';

// The test starts PostgreSQL, Redis and three servers, some of them twice.
vi.setConfig({ testTimeout: 180_000, hookTimeout: 120_000 });

/** A lease lasts 3 s and is requested every second; the rest is for a slow machine. */
const TAKEN_OVER_WITHIN_MS = 15_000;

/** The node that holds the lease, which names the holder's process. */
async function holderOf(
  { nodes, postgres, database }: TestNodes,
  lease = 'reader:message-numbers',
): Promise<TestServer | undefined> {
  const [row] = await postgres.sql(
    database,
    `SELECT holder FROM leases WHERE name = '${lease}' AND expires_at > extract(epoch FROM clock_timestamp()) * 1000`,
  );
  const pid = Number(String(row?.['holder']).split(' ')[1]);
  return nodes.find((node) => node.pid() === pid);
}

test('unread counts stay right while the node that counts is killed, and another takes over within seconds', async () => {
  const random = Random.fromEnvironment();
  await using workspace = await startNodes({ count: 3, flags: ['--limits', 'off', '--retention-days', '1'] });
  const { nodes } = workspace;
  const people = await Promise.all(['ann', 'bob', 'cho', 'dan'].map((name) => startGuest(nodes[0]!.url, name)));
  const ids = people.map(({ user }) => user.id);
  const dead = new Set<TestServer>();
  const clients = new Map<string, Promise<TransportClient>>();
  const pick = <Item>(items: readonly Item[]) => items[random.below(items.length)]!;
  /** A user's client, at any node that is running. */
  const at = (person: number): Promise<TransportClient> => {
    const node = pick(nodes.filter((each) => !dead.has(each)));
    const key = `${node.pid()} ${person}`;
    const client = clients.get(key) ?? connectHttp(node.url, { token: people[person]!.token });
    clients.set(key, client);
    return client;
  };

  const messages = new Map<number, { author: string; isDeleted: boolean }>();
  const reads = new Map<string, number>();
  const unread = (user: string) =>
    [...messages].filter(
      ([seq, { author, isDeleted }]) => seq > (reads.get(user) ?? 0) && author !== user && !isDeleted,
    ).length;
  const say = async (): Promise<void> => {
    const person = random.below(people.length);
    const { message } = await call(await at(person), 'message.send', { room: 'lobby', text: 'hello' });
    messages.set(message.seq, { author: ids[person]!, isDeleted: false });
  };
  const remove = async (): Promise<void> => {
    const kept = [...messages].filter(([, { isDeleted }]) => !isDeleted);
    if (kept.length === 0) return;
    const [seq, message] = pick(kept);
    await call(await at(ids.indexOf(message.author)), 'message.delete', { message: `lobby.${seq}` });
    message.isDeleted = true;
  };
  const mark = async (): Promise<void> => {
    const person = random.below(people.length);
    const seq = pick([...messages.keys()]);
    if (unread(ids[person]!) < 60) return;
    const { seq: marked } = await call(await at(person), 'read.mark', { room: 'lobby', seq });
    reads.set(ids[person]!, Math.max(marked, reads.get(ids[person]!) ?? 0));
  };
  const compare = async (): Promise<void> => {
    for (const [person, id] of ids.entries()) {
      const { room } = await call(await at(person), 'room.get', { room: 'lobby' });
      expect({ id, unread: room.unread }, random.seed).toEqual({ id, unread: Math.min(unread(id), 100) });
    }
  };

  const took: number[] = [];
  for (let round = 0; round < (isLong ? 4 : 2); round += 1) {
    for (let turn = 0; turn < 10; turn += 1) {
      await Promise.all(Array.from({ length: 1 + random.below(8) }, say));
      if (random.below(3) === 0) await remove();
      if (random.below(3) === 0) await mark();
      await compare();
    }
    const holder = await holderOf(workspace);
    if (!holder) throw new Error('nobody holds the lease');
    // In the middle of counting.
    await Promise.all(Array.from({ length: 40 }, say));
    dead.add(holder);
    await holder.kill();
    const killedAt = performance.now();
    await say();
    await compare();
    await expect.poll(() => holderOf(workspace), { timeout: TAKEN_OVER_WITHIN_MS, interval: 50 }).toBeDefined();
    took.push(Math.round(performance.now() - killedAt));
    await compare();
    await holder.start();
    dead.delete(holder);
  }
  const lagAt = async (node: TestServer) => {
    const answer = await (await fetch(`${node.url}/readyz?verbose`)).json();
    return (answer as { lag: Record<string, number> }).lag['message-numbers'];
  };
  for (const node of nodes) await expect.poll(() => lagAt(node), { timeout: 30_000 }).toBe(0);
  await compare();
  expect(await readiness(nodes[0]!)).not.toHaveProperty('lag');
  // Each message was counted once, whichever node counted it.
  const [numbered] = await workspace.postgres.sql(
    workspace.database,
    `SELECT max(number)::int AS count FROM message_numbers WHERE room_id = 'lobby' AND author_id = ''`,
  );
  expect(numbered).toEqual({ count: messages.size });
  process.stdout.write(`  the lease was taken over after ${took.join(', ')} ms\n`);

  // Retention is taken over by the same rule: what became too old meanwhile is removed by the next node at once.
  const logStart = async () =>
    Number(
      (await workspace.postgres.sql(workspace.database, `SELECT log_start FROM rooms WHERE id = 'lobby'`))[0]?.[
        'log_start'
      ],
    );
  expect(await logStart()).toBe(0);
  for (const table of ['events', 'messages']) {
    await workspace.postgres.sql(
      workspace.database,
      `UPDATE ${table} SET at = at - 2 * 86400000 WHERE room_id = 'lobby'`,
    );
  }
  const sweeping = await holderOf(workspace, 'retention');
  await sweeping?.kill();
  await expect.poll(logStart, { timeout: TAKEN_OVER_WITHIN_MS, interval: 50 }).toBeGreaterThan(0);
});
