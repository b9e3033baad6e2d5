import { join } from 'node:path';
import { type ClientOptions, type ContractClient, RawClient } from '../clients.js';
import { HistoryWriter } from '../history.js';
import { Keeper } from '../keeper.js';
import { createRandom, type Random } from '../random.js';
import { createSubject, type Subject } from '../subject.js';

/** Options of a scene. */
export interface SceneOptions {
  folder: string;
  seed: number;
  /** The server's program. */
  cli: string;
}

/** A server with one room, for a scene that is not a random workload. */
export interface Stage {
  subject: Subject;
  keeper: Keeper;
  history: HistoryWriter;
  random: Random;
  /** A new guest's client, not started, over the plain WebSocket by default. */
  bring: (id: string, options?: Partial<ClientOptions>) => Promise<RawClient>;
  /** A client of an existing guest. */
  place: (id: string, identity: { user: string; token: string }, options?: Partial<ClientOptions>) => RawClient;
  /** Records what the checker needs to know at the end. */
  conclude: (staying: readonly ContractClient[]) => Promise<void>;
}

/** Sets up a scene, plays it, and cleans up everything but the history. */
export async function play<Result>(
  name: string,
  options: SceneOptions & { flags: readonly string[] },
  act: (stage: Stage) => Promise<Result>,
): Promise<Result & { history: string }> {
  const { folder, seed, flags, cli } = options;
  const history = new HistoryWriter(join(folder, `${name}.jsonl`));
  const data = join(folder, `${name}-data`);
  const subject = await createSubject({ cli, data, flags });
  const keeper = new Keeper([subject.url], history);
  const random = createRandom(seed);
  const clients: RawClient[] = [];
  try {
    await subject.start();
    const rooms = await keeper.open(1);
    const place: Stage['place'] = (id, identity, more) => {
      const common = { kind: 'websocket', urls: [subject.url], silenceMs: 120_000, rooms, history } as const;
      const client = new RawClient({ ...identity, ...common, id, random: random.fork(id), ...more });
      clients.push(client);
      return client;
    };
    const stage: Stage = {
      subject,
      keeper,
      history,
      random,
      bring: async (id, more) => place(id, await keeper.guest(id), more),
      place,
      conclude: async (staying) => {
        history.add({ type: 'quiet', clients: staying.map(({ id }) => id) });
        for (const event of await keeper.readLog('lobby')) history.add({ type: 'logged', event });
      },
    };
    return { ...(await act(stage)), history: history.path };
  } finally {
    await Promise.all(clients.map((client) => client.close()));
    keeper.close();
    history.close();
    await subject.kill();
  }
}

/** Sends a message that must be acknowledged. Resolves to the time that took, in ms. */
export async function say(client: ContractClient, cid: string, text: string): Promise<number> {
  const began = performance.now();
  const intent = { command: 'message.send', room: 'lobby', cid, text: text.slice(0, 40) };
  const answer = await client.attempt(intent, { room: 'lobby', text, clientId: cid });
  if (!answer || !('result' in answer)) throw new Error(`${client.id}'s send failed: ${JSON.stringify(answer)}`);
  return performance.now() - began;
}

/** The value below which a share of the values lies. */
export function percentile(values: readonly number[], share: number): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length * share)] ?? 0;
}
