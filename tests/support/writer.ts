import { type Client, createClient, memoryOutboxStore } from '@madang/client';
import { expect, vi } from 'vitest';
import { run } from './chat.ts';
import { call, type TransportClient, outcome } from './transport-client.ts';

/** An SDK client that says something now and again, and remembers what it heard and what was acknowledged. */
export interface TestWriter extends AsyncDisposable {
  readonly client: Client;
  /** The seqs of the lobby's events, as its listeners heard them. */
  readonly heard: number[];
  /** The texts that were said, and under which seq each was acknowledged. */
  readonly acknowledged: Map<string, number>;
  /** Says no more; resolves when the outbox has brought all to the server. Answers how many that were. */
  finish(): Promise<number>;
}

/** What a writer hears: everything that a room's log holds in these tests. */
const EVENTS = ['message.created', 'member.joined', 'member.left', 'member.updated'] as const;

/** Starts a writer in the lobby; it is online when this resolves, and begins to talk. */
export async function startWriter(url: string, name: string, everyMs = 40): Promise<TestWriter> {
  const client = createClient({
    url,
    name,
    transport: 'websocket',
    outbox: memoryOutboxStore(),
    backOff: { minMs: 50, maxMs: 1000 },
  });
  const heard: number[] = [];
  const acknowledged = new Map<string, number>();
  const sending: Promise<void>[] = [];
  for (const event of EVENTS) client.on(event, ({ room, seq }) => void (room === 'lobby' && heard.push(seq)));
  const online = new Promise<void>((resolve) => {
    const look = () => client.state.get().status === 'online' && resolve();
    client.state.subscribe(look);
  });
  client.connect();
  await online;
  const talking = setInterval(() => {
    const text = `${name} ${sending.length}`;
    sending.push(client.send('lobby', text).sent.then(({ seq }) => void acknowledged.set(text, seq)));
  }, everyMs);
  return {
    client,
    heard,
    acknowledged,
    finish: async () => {
      clearInterval(talking);
      await Promise.all(sending);
      return sending.length;
    },
    [Symbol.asyncDispose]: async () => {
      clearInterval(talking);
      for (const each of sending) each.catch(() => undefined);
      await client.close();
    },
  };
}

/** The texts of the lobby's whole log, by seq. */
export async function lobbyTexts(client: TransportClient): Promise<Map<number, string>> {
  const texts = new Map<number, string>();
  for (let more = true; more;) {
    const page = await call(client, 'log.read', { room: 'lobby', after: texts.size });
    for (const event of page.events) {
      expect(event.seq).toBe(texts.size + 1);
      texts.set(event.seq, (event as { message?: { text: string } }).message?.text ?? '');
    }
    more = page.more;
  }
  return texts;
}

/** Every acknowledged message is in the log, once, under the seq of its answer; each writer heard all, in order. */
export async function expectNothingLost(reader: TransportClient, writers: TestWriter[]): Promise<void> {
  const counts = await Promise.all(writers.map((writer) => writer.finish()));
  const log = await lobbyTexts(reader);
  const texts = [...log.values()];
  for (const [index, writer] of writers.entries()) {
    expect(writer.acknowledged.size).toBe(counts[index]);
    for (const [text, seq] of writer.acknowledged) expect(log.get(seq)).toBe(text);
    const name = writer.client.user.get()?.name ?? '';
    expect(texts.filter((text) => text.startsWith(`${name} `))).toHaveLength(counts[index] ?? 0);
    await vi.waitFor(() => expect(writer.heard.at(-1)).toBe(log.size), { timeout: 15_000 });
    const first = writer.heard[0] ?? 0;
    expect(writer.heard).toEqual(run(first, log.size - first + 1));
  }
}

/** Sends the same message until it is taken, as an outbox does; answers the ms that it took. */
export async function sendUntilAccepted(client: TransportClient, text: string): Promise<number> {
  const start = performance.now();
  const input = { room: 'lobby', text, clientId: text };
  while ((await outcome(client, 'message.send', input)) !== 'ok') await new Promise((wait) => setTimeout(wait, 50));
  return performance.now() - start;
}
