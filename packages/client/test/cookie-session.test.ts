import { createClient } from '@madang/client';
import { FakeTransport } from '@madang/client/testing';
import { expect, onTestFinished, test, vi } from 'vitest';
import { fakeTime, newWorkspace, online } from './support.js';

/** A client with a cookie, whose HTTP requests a test answers. */
function cookieClient() {
  fakeTime();
  const { workspace } = newWorkspace();
  let answer: () => Response | Promise<Response>;
  let cookie: string | undefined;
  const requests: string[] = [];
  vi.stubGlobal('fetch', async (_url: URL, init: RequestInit) => {
    requests.push(`${init.method} ${new Headers(init.headers).get('authorization') ?? undefined}`);
    const response = await answer();
    const { token } = (await response
      .clone()
      .json()
      .catch(() => ({}))) as { token?: string };
    if (token !== undefined && token !== 'nobody') cookie = token;
    return response;
  });
  onTestFinished(() => void vi.unstubAllGlobals());
  const transport = new FakeTransport();
  workspace.attach(transport);
  const client = createClient({
    url: 'https://workspace.test',
    credentials: 'cookie',
    // The browser sends the cookie on its own.
    transport: (options) => transport.open({ ...options, token: cookie }),
  });
  onTestFinished(() => client.close());
  return { workspace, client, requests, setFetch: (next: typeof answer) => void (answer = next) };
}

test.each([
  [
    'a captive portal’s page',
    () => new Response('<html>Pay for this network', { headers: { 'content-type': 'text/html' } }),
  ],
  ['a proxy’s error page', () => new Response('<html>Bad Gateway', { status: 502 })],
  ['nothing', () => new Response(null, { status: 204 })],
  ['an empty body', () => new Response('')],
  ['other JSON', () => Response.json('ok')],
  ['a proxy’s JSON', () => Response.json({ code: 'E17', message: 'no backend' }, { status: 503 })],
  ['a body that breaks off', () => new Response('{"token":"sec')],
  ['no network', () => Promise.reject(new TypeError('Failed to fetch'))],
])('C51 signing in or out, answered by %s, is `unavailable`, and changes nothing', async (_, answer) => {
  const { workspace, client, setFetch } = cookieClient();
  setFetch(answer);
  await online(client);
  await expect(client.signIn({ name: 'anna' })).rejects.toMatchObject({ code: 'unavailable' });
  expect(client.state.get().status).toBe('signed-out');
  workspace.addUser('anna');
  setFetch(() => Response.json({ token: 'token-anna', user: { id: 'u-anna' } }));
  await client.signIn({ name: 'anna' });
  setFetch(answer);
  await expect(client.signOut()).rejects.toMatchObject({ code: 'unavailable' });
  expect(client.state.get().status).toBe('online');
});

test('C51 a browser that refuses the cookie is told from a session that ended, and the session is ended', async () => {
  const { client, requests, setFetch } = cookieClient();
  setFetch(() => Response.json({ token: 'nobody', user: { id: 'u-nobody' } }));
  await online(client);
  const refused = { code: 'unauthenticated', details: { cookie: 'refused' } };
  await expect(client.signIn({ name: 'anna' })).rejects.toMatchObject(refused);
  expect(requests).toEqual(['POST undefined', 'DELETE Bearer nobody']);
});

test('C52 when two tabs sign in at the same moment, neither becomes the other’s user', async () => {
  const { workspace, client, requests, setFetch } = cookieClient();
  workspace.addUser('bob');
  // The cookie is the one that the other tab got since.
  setFetch(() => Response.json({ token: 'token-bob', user: { id: 'u-anna' } }));
  await online(client);
  const replaced = { code: 'unauthenticated', details: { cookie: 'replaced' } };
  await expect(client.signIn({ name: 'anna' })).rejects.toMatchObject(replaced);
  expect(requests).toEqual(['POST undefined', 'DELETE Bearer token-bob']);
  expect([client.user.get(), client.state.get().status]).toEqual([undefined, 'signed-out']);
});

test('C52 signing out does not end the session of another user who signed in meanwhile', async () => {
  const { workspace, client, requests, setFetch } = cookieClient();
  workspace.addUser('anna');
  setFetch(() => Response.json({ token: 'token-anna', user: { id: 'u-anna' } }));
  await client.signIn({ name: 'anna' });
  setFetch(() => Response.json({ user: { id: 'u-bob', name: 'bob' } }));
  await client.signOut();
  expect(requests.slice(1)).toEqual(['GET undefined']);
  expect(workspace.calls.some(({ name }) => name === 'session.end')).toBe(true);
  expect(client.state.get().status).toBe('signed-out');
});
