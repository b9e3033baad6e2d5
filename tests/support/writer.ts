import { type Client, createClient, memoryOutboxStore } from '@madang/client';

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
