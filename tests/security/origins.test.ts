import { once } from 'node:events';
import { createServer, type IncomingMessage, request, type Server } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import { dirname, join } from 'node:path';
import type { Browser, BrowserContext, Frame, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startBrowser } from '../support/browser.ts';
import { startGuest } from '../support/guest.ts';
import { startServer, type TestServer } from '../support/start-server.ts';

// The stock client, as a page loads it.
type Io = (typeof import('socket.io-client'))['io'];

const socketIoClient = join(
  dirname(createRequire(import.meta.url).resolve('socket.io/package.json')),
  'client-dist/socket.io.min.js',
);

/** What a page is to the server. */
const kinds = ['own', 'listed', 'same site', 'another site', 'null'] as const;
type Kind = (typeof kinds)[number];

let browser: Browser;
let context: BrowserContext;
let friend: Server;
let stranger: Server;
/** Accepts pages of any origin. */
let open: TestServer;
/** Accepts only pages of the listed origin, also in a frame. */
let strict: TestServer;
const pages = new Map<Kind, Frame>();
/** A guest's token at each server. */
const tokens = new Map<TestServer, string>();

beforeAll(async () => {
  [browser, friend, stranger] = await Promise.all([startBrowser(), servePages(), servePages()]);
  const origins = ['--limits', 'off', '--origins', addressOf(friend)];
  [open, strict] = await Promise.all([
    startServer({ flags: origins }),
    startServer({ flags: [...origins, '--cross-origin', 'listed', '--frame-origins', `self,${addressOf(friend)}`] }),
  ]);
  // The pages run what a test gives them; their own policy must not limit that.
  context = await browser.newContext({ bypassCSP: true });
  const addresses: Record<Kind, string> = {
    own: `${open.url}/healthz`,
    listed: addressOf(friend),
    'same site': addressOf(stranger),
    'another site': addressOf(stranger, '127.0.0.1'),
    null: addressOf(stranger),
  };
  for (const kind of kinds) {
    const tab = await context.newPage();
    await tab.goto(addresses[kind]);
    const frame = kind === 'null' ? await sandboxIn(tab) : tab.mainFrame();
    await frame.addScriptTag({ path: socketIoClient });
    pages.set(kind, frame);
  }
  for (const server of [open, strict]) {
    // A cookie belongs to a host with all its ports, so the pages of "same site" send it too.
    const { cookie } = await startGuest(server.url, 'victim');
    const [name = '', value = ''] = cookie.split('=');
    await context.addCookies([{ name, value, url: server.url, httpOnly: true, sameSite: 'Lax' }]);
    tokens.set(server, (await startGuest(server.url, 'guest')).token);
  }
}, 60_000);

afterAll(async () => {
  await browser?.close();
  for (const server of [open, strict]) await server?.[Symbol.asyncDispose]();
  for (const server of [friend, stranger]) server?.close();
});

async function servePages(): Promise<Server> {
  const server = createServer((_request, response) => {
    response.setHeader('content-type', 'text/html');
    response.end('<!doctype html><title>a page</title>');
  }).listen(0);
  await once(server, 'listening');
  return server;
}

/** A frame that has no origin of its own. */
async function sandboxIn(tab: Page): Promise<Frame> {
  await tab.evaluate(async () => {
    const frame = document.createElement('iframe');
    Object.assign(frame, {
      sandbox: 'allow-scripts allow-forms allow-popups allow-popups-to-escape-sandbox',
      srcdoc: '<!doctype html><title>a frame</title>',
    });
    await new Promise((resolve) => {
      frame.addEventListener('load', resolve);
      document.body.append(frame);
    });
  });
  return tab.frames().at(-1)!;
}

function addressOf(server: Server, host = 'localhost'): string {
  return `http://${host}:${(server.address() as AddressInfo).port}`;
}

function page(kind: Kind): Frame {
  return pages.get(kind)!;
}

/**
 * All the ways in which a browser can connect. Each resolves to the user that the server takes the page for, or '' for
 * none, or for no answer.
 */
const ways: Record<string, (at: { url: string; token: string | undefined }) => Promise<string>> = {
  fetch: async ({ url, token }) => {
    try {
      const response = await fetch(`${url}/api/session`, {
        credentials: token === undefined ? 'include' : 'omit',
        headers: token === undefined ? {} : { authorization: `Bearer ${token}` },
      });
      return ((await response.json()) as { user?: { name: string } }).user?.name ?? '';
    } catch {
      return '';
    }
  },
  'fetch, to change something': async ({ url, token }) => {
    try {
      const response = await fetch(`${url}/api/user`, {
        method: 'PATCH',
        credentials: token === undefined ? 'include' : 'omit',
        headers: {
          'content-type': 'application/json',
          ...(token !== undefined && { authorization: `Bearer ${token}` }),
        },
        body: JSON.stringify({ name: token === undefined ? 'victim' : 'guest' }),
      });
      return ((await response.json()) as { user?: { name: string } }).user?.name ?? '';
    } catch {
      return '';
    }
  },
  // An EventSource can send no token.
  EventSource: ({ url, token }) =>
    new Promise((resolve) => {
      if (token !== undefined) return resolve('guest');
      const source = new EventSource(`${url}/api/events`, { withCredentials: true });
      const end = (name: string) => {
        source.close();
        resolve(name);
      };
      source.addEventListener('open', () => end('victim'));
      source.addEventListener('error', () => end(''));
    }),
  '/ws': ({ url, token }) =>
    new Promise((resolve) => {
      const socket = new WebSocket(`${url.replace('http', 'ws')}/ws`);
      const say = (id: number, method: string, params: object) =>
        socket.send(JSON.stringify({ jsonrpc: '2.0', id, method, params }));
      socket.addEventListener('open', () => {
        if (token === undefined) say(2, 'session.get', {});
        else say(2, 'session.start', { token });
      });
      socket.addEventListener('message', ({ data }) => {
        const answer = JSON.parse(data as string) as { id?: number; result?: { user: { name: string } } };
        if (answer.id !== 2) return;
        socket.close();
        resolve(answer.result?.user.name ?? '');
      });
      socket.addEventListener('error', () => resolve(''));
    }),
  'Socket.IO by polling': (at) => throughSocketIo({ ...at, transport: 'polling' }),
  'Socket.IO by WebSocket': (at) => throughSocketIo({ ...at, transport: 'websocket' }),
};

/** Runs in the page too, which gets each way by its name. */
function throughSocketIo(at: { url: string; token: string | undefined; transport: string }): Promise<string> {
  const socket = (globalThis as unknown as { io: Io }).io(at.url, {
    transports: [at.transport],
    withCredentials: at.token === undefined,
    auth: at.token === undefined ? {} : { token: at.token },
    reconnection: false,
    forceNew: true,
  });
  return new Promise((resolve) => {
    const end = (name: string) => {
      socket.close();
      resolve(name);
    };
    socket.on('connect_error', () => end(''));
    socket.on('connect', () =>
      socket.emit('session.get', {}, (answer: { result?: { user: { name: string } } }) =>
        end(answer.result?.user.name ?? ''),
      ),
    );
  });
}

/** The user that the server takes a page for. */
function ask(kind: Kind, way: string, server: TestServer, token?: string): Promise<string> {
  const at = JSON.stringify({ url: server.url, token });
  const source = `(() => { ${throughSocketIo.toString()}; return (${ways[way]!.toString()})(${at}); })()`;
  return page(kind).evaluate(source);
}

describe.each(Object.keys(ways))('%s', (way) => {
  test.each(kinds)('is its visitor’s only on pages of the server’s origin or a listed one: %s', async (kind) => {
    const isTrusted = kind === 'own' || kind === 'listed';
    expect(await ask(kind, way, open)).toBe(isTrusted ? 'victim' : '');
    expect(await ask(kind, way, strict)).toBe(kind === 'listed' ? 'victim' : '');
  });

  test.each(kinds)('may use a token, as the setting says: %s', async (kind) => {
    expect(await ask(kind, way, open, tokens.get(open))).toBe('guest');
    if (way === 'EventSource') return;
    // To the strict server, the page of the other one is a stranger.
    expect(await ask(kind, way, strict, tokens.get(strict))).toBe(kind === 'listed' ? 'guest' : '');
  });
});

describe.each(['same site', 'another site', 'null'] as const)('a hostile page, %s', (kind) => {
  const cookies = async () => (await context.cookies(open.url)).map(({ name, value }) => `${name}=${value}`).sort();

  test('signs nobody in as another user, and does nothing in a visitor’s name', async () => {
    const before = await cookies();
    await page(kind).evaluate(async (url) => {
      const bodies: [string, string][] = [
        [`${url}/api/session`, '{"name":"evil"}'],
        [`${url}/api/rooms/lobby/messages`, '{"text":"said by a hostile page"}'],
      ];
      for (const [address, json] of bodies) {
        for (const type of ['text/plain', 'application/x-www-form-urlencoded', '', 'application/json']) {
          const body = new Blob([json], { type });
          await fetch(address, { method: 'POST', mode: 'no-cors', credentials: 'include', body }).catch(() => {});
          await fetch(address, { method: 'POST', credentials: 'include', body }).catch(() => {});
          navigator.sendBeacon(address, body);
        }
      }
      await fetch(`${url}/api/session`, { method: 'DELETE', credentials: 'include' }).catch(() => {});
    }, open.url);
    expect(await cookies()).toEqual(before);
    await submit('{"text":"', 'said by a form"}', `${open.url}/api/rooms/lobby/messages`);
    await submit('{"name":"', 'evil"}', `${open.url}/api/session`);
    expect(await cookies()).toEqual(before);
    expect(await ask('own', 'fetch', open)).toBe('victim');
    const lobby = await page('own').evaluate(async () => (await fetch('/api/rooms/lobby/messages')).text());
    expect(lobby).not.toContain('said by');
  });

  /** A form whose body is JSON, because there is a "=" between the name and the value of its only field. */
  async function submit(name: string, value: string, action: string): Promise<void> {
    const opened = context.waitForEvent('page');
    await page(kind).evaluate(
      (field) => {
        const form = document.createElement('form');
        Object.assign(form, { method: 'POST', action: field.action, enctype: 'text/plain', target: '_blank' });
        const input = document.createElement('input');
        Object.assign(input, { name: field.name, value: field.value });
        form.append(input);
        document.body.append(form);
        form.submit();
      },
      { name, value, action },
    );
    const answer = await opened;
    await answer.waitForLoadState();
    expect(await answer.textContent('body')).toContain('Content-Type must be application/json');
    await answer.close();
  }

  test('reads nothing by JSONP', async () => {
    const heard = await page(kind).evaluate(async (url) => {
      const said: string[] = [];
      Object.assign(globalThis, { ___eio: [(text: string) => said.push(text)] });
      const script = document.createElement('script');
      script.src = `${url}/socket.io/?EIO=4&transport=polling&j=0`;
      await new Promise((resolve) => {
        script.addEventListener('load', resolve);
        script.addEventListener('error', resolve);
        document.head.append(script);
      });
      return said;
    }, open.url);
    expect(heard).toEqual([]);
  });
});

test('polling by JSONP is refused with a message that says so', async () => {
  for (const query of ['EIO=4&transport=polling&j=0', 'j&EIO=4&transport=polling', 'EIO=4&transport=polling&%6a=1']) {
    const response = await fetch(`${open.url}/socket.io/?${query}`);
    expect(response.status).toBe(400);
    expect(await response.text()).toContain('JSONP');
  }
});

describe('headers', () => {
  const paths = ['/api/session', '/api/events', '/api/nosuch', '/socket.io/?EIO=4&transport=polling'];
  const cors = async (server: TestServer, path: string, origin: string, method = 'GET') => {
    const { headers } = await fetch(`${server.url}${path}`, {
      method,
      headers: {
        origin,
        ...(method === 'OPTIONS' && {
          'access-control-request-method': 'POST',
          'access-control-request-headers': 'content-type,authorization',
        }),
      },
    });
    expect(headers.get('vary')).toMatch(/\bOrigin\b/);
    return [headers.get('access-control-allow-origin'), headers.get('access-control-allow-credentials')];
  };

  test.each(paths)('%s allows credentials to listed origins, and to others what the setting says', async (path) => {
    for (const method of ['GET', 'OPTIONS']) {
      const listed = addressOf(friend);
      expect(await cors(open, path, listed, method)).toEqual([listed, 'true']);
      expect(await cors(strict, path, listed, method)).toEqual([listed, 'true']);
      for (const other of [addressOf(stranger), 'null', `${listed}0`, 'https://evil.example']) {
        expect(await cors(open, path, other, method)).toEqual(['*', null]);
        expect(await cors(strict, path, other, method)).toEqual([null, null]);
      }
    }
    const refused = await fetch(`${strict.url}${path}`, { headers: { origin: 'https://evil.example' } });
    expect(refused.status).toBe(403);
  });

  test.each([
    ['http://chat.example', { host: 'chat.example' }, 'ws://chat.example'],
    ['a port', { host: 'localhost:3000' }, 'ws://localhost:3000'],
    ['no host that a policy can hold', { host: 'a;script-src' }, "'self'"],
  ])('connect-src names the server’s own WebSocket and no other: %s', async (_what, headers, named) => {
    const policy = await policyOf(open, headers);
    expect(policy).toContain(`connect-src 'self' ${named};`);
    expect(policy).not.toMatch(/\bwss?:[ ;]/);
  });

  test('pages in a frame: none, unless the setting names their origin', async () => {
    expect(await policyOf(open)).toContain("frame-ancestors 'none'");
    expect(await policyOf(strict)).toContain(`frame-ancestors 'self' ${addressOf(friend)}`);
    const options = async ({ url }: TestServer) => (await fetch(url)).headers.get('x-frame-options');
    expect(await options(open)).toBe('DENY');
    expect(await options(strict)).toBeNull();
    const isShown = async (kind: Kind, { url }: TestServer) => {
      await page(kind).evaluate(async (src) => {
        const frame = document.createElement('iframe');
        frame.src = src;
        await new Promise((resolve) => {
          frame.addEventListener('load', resolve);
          document.body.append(frame);
        });
      }, `${url}/healthz`);
      const frame = page(kind).childFrames().at(-1);
      // A browser shows its own page instead of one that it may not show.
      const text = await frame?.evaluate(() => document.body.textContent).catch(() => '');
      return text?.includes('"status":"ok"');
    };
    expect(await isShown('listed', strict)).toBe(true);
    expect(await isShown('same site', strict)).toBe(false);
    expect(await isShown('listed', open)).toBe(false);
  });
});

async function policyOf(server: TestServer, headers: Record<string, string> = {}): Promise<string> {
  const asked = request(server.url, { headers }).end();
  const [response] = (await once(asked, 'response')) as [IncomingMessage];
  response.resume();
  return `${String(response.headers['content-security-policy'])};`;
}
