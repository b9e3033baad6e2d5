import { receives, say } from './chat.ts';
import type { TransportClient } from './transport-client.ts';

/** The longest time that a send and a delivery took, in ms. */
export interface Slowest {
  send: number;
  delivery: number;
}

/** Sends a message every 100 ms until `happens` has ended. The listener must receive each within 15 s. */
export async function whileTalking(
  speaker: TransportClient,
  listener: TransportClient,
  happens: () => Promise<unknown>,
  room = 'lobby',
): Promise<Slowest> {
  const over = new AbortController();
  const deliveries: Promise<number>[] = [];
  let send = 0;
  const happening = happens().finally(() => over.abort());
  while (!over.signal.aborted) {
    const text = `while ${crypto.randomUUID()}`;
    const start = performance.now();
    const heard = receives(listener, text, 15_000).then(() => performance.now() - start);
    deliveries.push(heard);
    await say(speaker, text, room);
    send = Math.max(send, performance.now() - start);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  await happening;
  return { send, delivery: Math.max(...(await Promise.all(deliveries))) };
}
