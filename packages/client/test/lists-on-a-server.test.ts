import { type Client, type ClientOptions, createClient, type Message, type MessageList } from '@madang/client';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, onTestFinished, test, vi } from 'vitest';
import { startNetwork } from '../../../tests/support/network.js';
import { Random } from '../../../tests/support/random.js';
import { startServer } from './start-server.js';

const BEFORE = 200;
const STEPS = 200;

interface OpenList {
  list: MessageList;
  stop: () => void;
}

/** A client that is online, and closed with the test. */
async function open(options: ClientOptions): Promise<Client> {
  const client = createClient({ backOff: { minMs: 20, maxMs: 100 }, ...options });
  onTestFinished(() => client.close());
  client.connect();
  await until(() => client.state.get().status === 'online');
  return client;
}

function until(check: () => boolean): Promise<void> {
  return vi.waitFor(() => expect(check()).toBe(true), { timeout: 20_000, interval: 20 });
}

/** All messages, as somebody reads them who has seen nothing before. */
async function readAll(client: Client): Promise<Message[]> {
  const all: Message[] = [];
  for (;;) {
    // oxlint-disable-next-line no-await-in-loop -- each page begins where the one before ended
    const page = await client.call('message.list', { room: 'lobby', after: all.at(-1)?.seq ?? 0, limit: 200 });
    all.push(...page.messages);
    if (!page.more) return all;
  }
}

test('D2 D3 D4 lists of one room, through sends, changes and breaks at random, show in the end what a new client reads', async () => {
  const random = Random.fromEnvironment();
  const server = await startServer('--limits', 'off', '--reconnect-spread-ms', '50');
  await using network = await startNetwork(Number(new URL(server.url).port));
  const bob = await open({ url: server.url, name: 'bob' });
  const anna = await open({ url: `http://127.0.0.1:${network.port}`, name: 'anna', transport: 'websocket' });
  const room = anna.room('lobby');
  await Promise.all(Array.from({ length: BEFORE }, (_, index) => bob.send('lobby', `before ${index}`).sent));
  const ids = (await readAll(bob)).map(({ id }) => id);
  const seqOf = (id: string) => Number(id.split('.')[1]);
  const anyId = () => ids[random.below(ids.length)]!;
  bob.on('message.created', ({ message }) => ids.push(message.id));
  const lists: OpenList[] = [];
  const openAt = (list: MessageList) => lists.push({ list, stop: list.subscribe(() => {}) });
  openAt(room.messages);
  const calls: Promise<unknown>[] = [];
  const quietly = (call: Promise<unknown>) => void calls.push(call.catch(() => {}));

  const steps = [
    () => quietly(bob.send('lobby', `bob ${ids.length}`).sent),
    () => quietly(anna.send('lobby', `anna ${ids.length}`).sent),
    () => quietly(bob.call('message.edit', { message: anyId(), text: `edited ${ids.length}` })),
    () => quietly(bob.call('message.delete', { message: anyId() })),
    () => quietly(bob.call('message.react', { message: anyId(), emoji: '👍', remove: random.below(3) === 0 })),
    () => quietly(room.react(anyId(), '👍', random.below(3) > 0)),
    () => quietly(anna.call('message.react', { message: anyId(), emoji: '🙏', remove: random.below(3) === 0 })),
    () => openAt(random.below(3) === 0 ? room.list('unread') : room.list({ around: seqOf(anyId()) })),
    () => lists.length > 1 && lists.splice(1 + random.below(lists.length - 1), 1)[0]!.stop(),
    () => quietly(lists[random.below(lists.length)]!.list.loadOlder()),
    () => quietly(lists[random.below(lists.length)]!.list.loadNewer()),
    () => lists[random.below(lists.length)]!.list.markRead(seqOf(anyId())),
    () => (random.below(4) === 0 ? network.cut() : network.thaw()),
    () => network.slow(random.below(3) * 20),
  ];
  for (let step = 0; step < STEPS; step++) {
    steps[random.below(steps.length)]!();
    // oxlint-disable-next-line no-await-in-loop -- things happen one after another, sometimes many in one moment
    if (random.below(3) === 0) await sleep(random.below(20));
  }

  network.thaw();
  await until(() => anna.state.get().status === 'online');
  await anna.send('lobby', 'the last of anna').sent;
  await Promise.all(calls);
  const last = await bob.send('lobby', 'the last').sent;
  await until(() => (room.room.get()?.head ?? 0) >= last.seq);
  await until(() => lists.every(({ list }) => list.get().status === 'ready'));

  const right = await readAll(await open({ url: server.url, token: anna.token! }));
  for (const { list } of lists) {
    const { messages, hasOlder, hasNewer } = list.get();
    const from = right.findIndex(({ seq }) => seq === messages[0]?.seq);
    const part = right.slice(from, from + messages.length);
    expect(messages.map(comparable), random.seed).toEqual(part.map(comparable));
    expect([hasOlder, hasNewer], random.seed).toEqual([from > 0, from + messages.length < right.length]);
  }
}, 60_000);

/** What is compared; a `clientId` is in pages, but in events of one's own messages only. */
function comparable({ id, seq, text, author, at, editedAt, deletedAt, reactions = [] }: Message) {
  const marks = reactions.map(({ emoji, count, reacted, users }) => [emoji, count, reacted ?? false, users.length]);
  return { id, seq, text, author, at, editedAt, deletedAt, reactions: marks };
}
