import { type Client, createClient, memoryOutboxStore } from '@madang/client';
import { expect, vi } from 'vitest';
import { run } from './chat.ts';
import { call, type TransportClient, outcome } from './transport-client.ts';

/** An SDK client that sends regularly, and records what it received and what was acknowledged. */
export interface TestWriter extends AsyncDisposable {
  readonly client: Client;
  /** The seqs of the lobby's events, in the order in which listeners received them. */
  readonly heard: number[];
  /** The texts that were acknowledged, each with its seq. */
  readonly acknowledged: Map<string, number>;
  /** Stops sending. Resolves to the number of messages, once the outbox has delivered all of them. */
  finish(): Promise<number>;
}

/** The events a writer listens to: everything that a room's log contains in these tests. */
const EVENTS = ['message.created', 'member.joined', 'member.left', 'member.updated'] as const;

/** Starts a writer in the lobby. It is online and sending once this resolves. */
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

/**
 * Checks that every acknowledged message is in the log once, under its acknowledged seq, and that each writer received
 * everything in order.
 */
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

/** Sends the same message until it is accepted, as an outbox does. Resolves to the ms that this took. */
export async function sendUntilAccepted(client: TransportClient, text: string): Promise<number> {
  const start = performance.now();
  const input = { room: 'lobby', text, clientId: text };
  while ((await outcome(client, 'message.send', input)) !== 'ok') await new Promise((wait) => setTimeout(wait, 50));
  return performance.now() - start;
}
