import { connectJsonRpc } from './json-rpc-client.ts';
import { call as callCommand } from './transport-client.ts';

/** Sends messages over HTTP as a guest without a page: the quick way to fill a room. */

export interface RestGuest {
  name: string;
  /** Calls the HTTP transport, and resolves to the JSON of the answer. */
  call<T>(method: string, path: string, body?: object): Promise<T>;
  say(text: string, room?: string): Promise<void>;
  /** Sends many messages in their order, without waiting for each; resolves to their seqs. */
  sayAll(texts: readonly string[], room?: string): Promise<number[]>;
}

/** How many calls of one connection may wait for their answers, and a few less. */
const MOST_WAITING = 200;

/** Starts a guest's session over HTTP. */
export async function startRestGuest(url: string, name: string): Promise<RestGuest> {
  let token = '';
  const call = async <T>(method: string, path: string, body?: object): Promise<T> => {
    const response = await fetch(`${url}/api${path}`, {
      method,
      headers: {
        'content-type': 'application/json',
        ...(token !== '' && { authorization: `Bearer ${token}` }),
      },
      ...(body && { body: JSON.stringify(body) }),
    });
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`);
    return (await response.json()) as T;
  };
  ({ token } = await call<{ token: string }>('POST', '/session', { name }));
  return {
    name,
    call,
    say: async (text, room = 'lobby') => void (await call('POST', `/rooms/${room}/messages`, { text })),
    sayAll: async (texts, room = 'lobby') => {
      // What is sent on one connection is carried out in its order.
      await using client = await connectJsonRpc(url, { token });
      const seqs: number[] = [];
      for (let from = 0; from < texts.length; from += MOST_WAITING) {
        const some = texts.slice(from, from + MOST_WAITING);
        const sent = await Promise.all(some.map((text) => callCommand(client, 'message.send', { room, text })));
        seqs.push(...sent.map(({ message }) => message.seq));
      }
      return seqs;
    },
  };
}
