import { call, type TransportClient } from './transport-client.ts';

/** Sends a message to a room; resolves to its seq. */
export async function say(client: Pick<TransportClient, 'ask'>, text: string, room = 'lobby'): Promise<number> {
  return (await call(client, 'message.send', { room, text, clientId: crypto.randomUUID() })).message.seq;
}

/** Resolves to how many ms it took until a client received a text. */
export async function receives(client: TransportClient, text: string, timeoutMs?: number): Promise<number> {
  const start = performance.now();
  await client.events.first(({ body }) => (body['message'] as { text?: string } | undefined)?.text === text, timeoutMs);
  return performance.now() - start;
}

/** The seqs of a room's events, in the order in which a client received them. */
export function seqsOf(client: TransportClient, room: string): number[] {
  return client.events.all.flatMap(({ body }) =>
    body['room'] === room && typeof body['seq'] === 'number' && 'actor' in body ? [body['seq']] : [],
  );
}

/** `length` consecutive numbers, beginning with `from`. */
export function run(from: number, length: number): number[] {
  return Array.from({ length }, (_, index) => from + index);
}
