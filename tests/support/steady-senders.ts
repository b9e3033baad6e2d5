import { type Client, createClient, memoryOutboxStore } from '@madang/client';
import { expect } from 'vitest';

/** Interval between a client's messages, in ms. */
const EVERY_MS = 100;

const ROOM = 'lobby';

/** SDK clients that all send and all listen, whatever happens to the server. */
export interface SteadySenders extends AsyncDisposable {
  /** The `reconnectMs` of every `server.closing` received, in ms. */
  readonly delays: number[];
  /** Resolves once all are online and each has had another message acknowledged. */
  recovered(): Promise<void>;
  /** Stops sending. Checks that no send failed, and that every client received every message once and in order. */
  finish(): Promise<{ messages: number; slowestMs: number }>;
}

/** Starts `count` clients, half of them over Socket.IO, half over `/ws`. Resolves once all are online. */
export async function startSenders(url: string, count: number): Promise<SteadySenders> {
  const delays: number[] = [];
  const failures: unknown[] = [];
  const senders = Array.from({ length: count }, (_, index) => new Sender(url, index, { delays, failures }));
  // A client that comes late would not receive what was sent before.
  await expect.poll(() => senders.every((sender) => sender.isOnline), { timeout: 30_000 }).toBe(true);
  const sending = setInterval(() => senders.forEach((sender) => void sender.sendNext()), EVERY_MS);
  const recovered = async () => {
    await expect.poll(() => senders.every((sender) => sender.isOnline), { timeout: 30_000 }).toBe(true);
    const before = senders.map(({ acknowledged }) => acknowledged);
    await expect
      .poll(() => senders.every(({ acknowledged }, index) => acknowledged > before[index]!), { timeout: 30_000 })
      .toBe(true);
  };
  await recovered();
  return {
    delays,
    recovered,
    finish: async () => {
      clearInterval(sending);
      await expect.poll(() => senders.every((sender) => sender.waiting === 0), { timeout: 60_000 }).toBe(true);
      expect(failures).toEqual([]);
      const said = senders.map((sender) => sender.said);
      const total = said.reduce((sum, each) => sum + each.length, 0);
      const [first] = senders;
      for (const reader of senders) {
        await expect.poll(() => reader.heard.length, { timeout: 30_000 }).toBeGreaterThanOrEqual(total);
        expect(reader.heard.map(({ seq }) => seq)).toEqual(first!.heard.map(({ seq }) => seq));
        for (const [index, texts] of said.entries()) {
          expect(reader.heard.filter(({ by }) => by === index).map(({ text }) => text)).toEqual(texts);
        }
      }
      return { messages: total, slowestMs: Math.max(...senders.map(({ slowestMs }) => slowestMs)) };
    },
    [Symbol.asyncDispose]: async () => {
      clearInterval(sending);
      await Promise.all(senders.map((sender) => sender.close()));
    },
  };
}

/** A message that a client received. */
interface Heard {
  seq: number;
  /** The number of the client that sent it. */
  by: number;
  text: string;
}

class Sender {
  readonly said: string[] = [];
  readonly heard: Heard[] = [];
  waiting = 0;
  acknowledged = 0;
  slowestMs = 0;
  readonly #client: Client;
  readonly #index: number;
  readonly #failures: unknown[];

  constructor(url: string, index: number, { delays, failures }: { delays: number[]; failures: unknown[] }) {
    this.#index = index;
    this.#failures = failures;
    this.#client = createClient({
      url,
      name: `sender ${index}`,
      transport: index % 2 === 0 ? 'socket.io' : 'websocket',
      outbox: memoryOutboxStore(),
      backOff: { minMs: 50, maxMs: 500 },
    });
    this.#client.on('server.closing', ({ reconnectMs }) => void delays.push(reconnectMs));
    this.#client.on('message.created', ({ seq, message: { text } }) => {
      this.heard.push({ seq, by: Number(text.split(' ')[0]), text });
    });
    this.#client.connect();
  }

  get isOnline(): boolean {
    return this.#client.state.get().status === 'online';
  }

  /** Sends the next message. */
  async sendNext(): Promise<void> {
    const text = `${this.#index} ${this.said.length}`;
    this.said.push(text);
    this.waiting += 1;
    const start = performance.now();
    try {
      await this.#client.send(ROOM, text).sent;
      this.acknowledged += 1;
    } catch (error) {
      this.#failures.push(error);
    }
    this.waiting -= 1;
    this.slowestMs = Math.max(this.slowestMs, performance.now() - start);
  }

  close(): Promise<void> {
    return this.#client.close();
  }
}
