/** Sends messages over HTTP as a guest without a page: the quick way to fill a room. */

export interface RestGuest {
  name: string;
  /** Calls the HTTP transport, and resolves to the JSON of the answer. */
  call<T>(method: string, path: string, body?: object): Promise<T>;
  say(text: string, room?: string): Promise<void>;
}

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
  };
}
