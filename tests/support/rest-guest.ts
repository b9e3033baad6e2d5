/** Says things over HTTP, as somebody without a page: the quick way to fill a room. */

export interface RestGuest {
  name: string;
  /** Calls the HTTP transport; answers the JSON. */
  call<T>(method: string, path: string, body?: object): Promise<T>;
  say(text: string, room?: string): Promise<void>;
}

/** Starts a guest's session at the HTTP transport. */
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
