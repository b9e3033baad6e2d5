import { type ConnectionState, createClient, MadangError, memoryOutboxStore } from '@madang/client';
import { FakeTransport } from '@madang/client/testing';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { fakeTime, newWorkspace, online, settle } from './support.js';

function setUp() {
  fakeTime();
  return newWorkspace();
}

type FakeBrowser = ReturnType<typeof fakeBrowser>;

/** A browser's window, document and navigator, as far as the SDK uses them. */
function fakeBrowser() {
  const document = Object.assign(new EventTarget(), {
    hidden: false,
    baseURI: 'https://workspace.test/chat/lobby?x=1#y',
  });
  const navigator = { onLine: true };
  vi.stubGlobal('window', new EventTarget());
  vi.stubGlobal('document', document);
  vi.stubGlobal('navigator', navigator);
  onTestFinished(() => void vi.unstubAllGlobals());
  return {
    setOnline(isOnline: boolean) {
      navigator.onLine = isOnline;
      window.dispatchEvent(new Event(isOnline ? 'online' : 'offline'));
    },
    setHidden(isHidden: boolean) {
      document.hidden = isHidden;
      document.dispatchEvent(new Event('visibilitychange'));
    },
    touch: () => void document.dispatchEvent(new Event('pointerdown')),
    comeBackFromCache: () => void window.dispatchEvent(Object.assign(new Event('pageshow'), { persisted: true })),
  };
}

/** Resolves to the address that a client opens. */
function openedUrl(given: string | undefined): string {
  let opened = '';
  const client = createClient({
    ...(given !== undefined && { url: given }),
    transport: ({ url }) => {
      opened = url.href;
      return { presentsToken: false, call: () => new Promise(() => {}), close: () => {} };
    },
    outbox: memoryOutboxStore(),
  });
  onTestFinished(() => client.close());
  client.connect();
  return opened;
}

describe('the state of the connection', () => {
  test('C17 idle, connecting, online, reconnecting, online, closed', async () => {
    const { workspace, join } = setUp();
    const { client } = join('anna');
    const seen: ConnectionState['status'][] = [client.state.get().status];
    client.state.subscribe(() => seen.push(client.state.get().status));
    await online(client);
    workspace.drop();
    await settle(1000);
    await client.close();
    expect(seen).toEqual(['idle', 'connecting', 'online', 'reconnecting', 'online', 'closed']);
  });

  test('C18 waits double up to the maximum, with full jitter, and the state says when the next attempt is', async () => {
    const { workspace, join } = setUp();
    vi.spyOn(Math, 'random').mockReturnValue(1);
    onTestFinished(() => void vi.restoreAllMocks());
    workspace.isUp = false;
    const { client, transport } = join('anna', { backOff: { minMs: 1000, maxMs: 8000 } });
    await online(client);
    const waits: number[] = [];
    for (let attempt = 1; attempt <= 6; attempt += 1) {
      const state = client.state.get();
      if (state.status !== 'reconnecting') throw new Error(state.status);
      expect(state.attempt).toBe(attempt);
      waits.push(state.retryAt - Date.now());
      expect(transport.connections).toHaveLength(attempt);
      // oxlint-disable-next-line no-await-in-loop -- one attempt after another is the point
      await settle(waits.at(-1));
    }
    expect(waits).toEqual([1000, 2000, 4000, 8000, 8000, 8000]);
  });

  test('C18 invalid back-off options are refused when they are given', () => {
    expect(() => createClient({ url: 'http://workspace.test', backOff: { minMs: 0 } })).toThrow(MadangError);
    expect(() => createClient({ url: 'http://workspace.test', backOff: { minMs: 10, maxMs: 5 } })).toThrow(MadangError);
  });

  test('C39 outside a page the address must be a full http(s) URL, and the error says so', () => {
    for (const url of [
      undefined,
      '',
      '/chat',
      'chat',
      './',
      '//workspace.test',
      '?x',
      'workspace.test:3000',
      'http://',
    ])
      expect(() => createClient(url === undefined ? {} : { url }), url).toThrow(/^url: must be .*http:/);
    for (const url of ['ftp://workspace.test', 'localhost:3000', 'ws://workspace.test', 'data:,x'])
      expect(() => createClient({ url }), url).toThrow(/^url: must be an http\(s\) address/);
    expect(openedUrl('http://workspace.test:3000/chat?x#y')).toBe('http://workspace.test:3000/chat/');
  });

  // The page is https://workspace.test/chat/lobby?x=1#y.
  test.each([
    [undefined, 'https://workspace.test/chat/'],
    ['', 'https://workspace.test/chat/'],
    ['.', 'https://workspace.test/chat/'],
    ['?x=2', 'https://workspace.test/chat/'],
    ['#y', 'https://workspace.test/chat/'],
    ['/', 'https://workspace.test/'],
    ['/talk', 'https://workspace.test/talk/'],
    ['/talk/', 'https://workspace.test/talk/'],
    ['/a/b?c=1#d', 'https://workspace.test/a/b/'],
    ['talk', 'https://workspace.test/chat/talk/'],
    ['./talk/', 'https://workspace.test/chat/talk/'],
    ['..', 'https://workspace.test/'],
    ['../talk', 'https://workspace.test/talk/'],
    ['//other.test/talk', 'https://other.test/talk/'],
    ['http://other.test', 'http://other.test/'],
    ['http://other.test:3000/a/b', 'http://other.test:3000/a/b/'],
    ['/대화', 'https://workspace.test/%EB%8C%80%ED%99%94/'],
  ])('C39 in a page the address %s is relative to the page', (url, expected) => {
    fakeBrowser();
    expect(openedUrl(url)).toBe(expected);
  });

  test('C39 a page that has no address itself needs a full URL', () => {
    fakeBrowser();
    Object.assign(document, { baseURI: 'data:text/html,x' });
    expect(() => createClient({ url: '/chat' })).toThrow(/^url: must be a full address/);
    expect(openedUrl('https://workspace.test')).toBe('https://workspace.test/');
  });

  test('C19 reconnectNow does not wait for the next attempt', async () => {
    const { workspace, join } = setUp();
    const { client } = join('anna', { backOff: { minMs: 100_000, maxMs: 100_000 } });
    await online(client);
    workspace.drop();
    client.reconnectNow();
    client.reconnectNow();
    await settle();
    expect(client.state.get().status).toBe('online');
  });

  test('C20 after server.closing no client reconnects earlier than it was asked to', async () => {
    const { workspace, join } = setUp();
    const { client, transport } = join('anna');
    await online(client);
    transport.last.deliver('server.closing', { reconnectMs: 5000 });
    workspace.drop();
    await settle(4999);
    expect(transport.connections).toHaveLength(1);
    await settle(2);
    expect(client.state.get().status).toBe('online');
  });

  test('C21 a connection attempt or session that gets no answer in 10 s is given up and tried again', async () => {
    const { workspace, join } = setUp();
    const { client, transport } = join('anna');
    const accept = transport.onOpen;
    transport.onOpen = undefined;
    client.connect();
    await settle(9999);
    expect(client.state.get().status).toBe('connecting');
    await settle(1);
    expect(client.state.get().status).toBe('reconnecting');
    expect(transport.connections[0]!.isOver).toBe(true);
    transport.onOpen = accept;
    workspace.refuse = (name) => (name === 'session.get' ? 'silence' : undefined);
    await settle(5000);
    expect(transport.connections[1]!.isOver).toBe(false);
    workspace.refuse = () => undefined;
    await settle(30_000);
    expect(client.state.get().status).toBe('online');
  });

  test('C21 a call without an answer rejects after 10 s, and one without a connection at once', async () => {
    const { workspace, join } = setUp();
    const { client } = join('anna');
    await expect(client.call('room.list', {})).rejects.toMatchObject({ code: 'unavailable' });
    await online(client);
    workspace.refuse = () => 'silence';
    const call = client.call('room.list', {});
    const late = expect(call).rejects.toMatchObject({ code: 'unavailable' });
    await settle(10_000);
    await late;
    const lost = expect(client.call('room.list', {})).rejects.toMatchObject({ code: 'unavailable' });
    workspace.drop();
    await lost;
  });

  test('C22 closed is closed: no timers, no attempts; closing twice is fine', async () => {
    const { workspace, join } = setUp();
    const { client, transport } = join('anna');
    await online(client);
    const { sent } = client.send('lobby', 'hi');
    workspace.drop();
    await client.close();
    await client.close();
    expect(vi.getTimerCount()).toBe(0);
    client.connect();
    client.reconnectNow();
    await settle(60_000);
    expect(transport.connections).toHaveLength(1);
    await sent.catch(() => {});
    await expect(client.signIn({ name: 'x' })).rejects.toMatchObject({ code: 'unavailable' });
  });
});

describe('the session', () => {
  test('C15 without a session the client is signed out; signing in keeps the connection', async () => {
    const { workspace } = setUp();
    const transport = new FakeTransport();
    workspace.attach(transport);
    const client = createClient({ url: 'http://workspace.test', transport: transport.open });
    onTestFinished(() => client.close());
    await online(client);
    expect(client.state.get()).toEqual({ status: 'signed-out' });
    workspace.addUser('anna');
    await expect(client.signIn({ name: 'anna' })).rejects.toMatchObject({ code: 'conflict' });
    expect(client.state.get()).toEqual({ status: 'signed-out' });
    expect(await client.signIn({ name: 'hana' })).toMatchObject({ name: 'hana' });
    expect(client.state.get()).toEqual({ status: 'online' });
    expect(client.token).toBe('token-hana');
    expect(transport.connections).toHaveLength(1);
    workspace.drop();
    await settle(1000);
    expect(client.user.get()?.name).toBe('hana');
    expect(transport.last.token).toBe('token-hana');
  });

  test('C15 signing in while the server is away throws and leaves nothing behind', async () => {
    const { workspace } = setUp();
    const transport = new FakeTransport();
    workspace.attach(transport);
    workspace.isUp = false;
    const client = createClient({ url: 'http://workspace.test', transport: transport.open });
    onTestFinished(() => client.close());
    await expect(client.signIn({ name: 'hana' })).rejects.toMatchObject({ code: 'unavailable' });
    workspace.isUp = true;
    await settle(5000);
    expect(client.state.get().status).toBe('signed-out');
    await client.signIn({ name: 'hana' });
    expect(client.state.get().status).toBe('online');
  });

  test('C15 `name` starts a guest’s session, and another when that one is no longer known; a conflict is reported', async () => {
    const { workspace } = setUp();
    const transport = new FakeTransport();
    workspace.attach(transport);
    const client = createClient({ url: 'http://workspace.test', transport: transport.open, name: 'bot' });
    onTestFinished(() => client.close());
    await online(client);
    expect(client.user.get()?.name).toBe('bot');
    workspace.revoke('token-bot');
    workspace.drop();
    await settle(1000);
    expect(client.state.get()).toMatchObject({ status: 'signed-out', error: { code: 'conflict' } });
    expect(client.user.get()).toBeUndefined();
    workspace.users.delete('u-bot');
    await client.signIn({ name: 'bot' });
    expect(client.state.get().status).toBe('online');
  });

  test('C14 session.ended signs out and forgets the session; nothing reconnects', async () => {
    const { workspace, join } = setUp();
    const { client, transport } = join('anna', { name: 'anna' });
    await online(client);
    transport.last.deliver('session.ended', { reason: 'revoked' });
    workspace.drop();
    await settle(60_000);
    expect(client.state.get()).toEqual({ status: 'signed-out' });
    expect([client.user.get(), client.token, client.rooms.get()]).toEqual([undefined, undefined, []]);
    expect(transport.connections).toHaveLength(1);
  });

  test('C23 with cookies the session begins and ends over HTTP, and the page never sees the token', async () => {
    const { workspace } = setUp();
    const { token, user } = workspace.addUser('anna');
    let cookie: string | undefined;
    const requests: string[] = [];
    vi.stubGlobal('fetch', (url: URL, init: RequestInit) => {
      requests.push(`${init.method} ${url.href}`);
      const isTaken = init.body === '{"name":"taken"}';
      if (init.method === 'GET') return Promise.resolve(Response.json({ user: client.user.get() }));
      cookie = init.method === 'POST' && !isTaken ? token : undefined;
      const problem = { type: 'urn:madang:error:conflict', title: '', status: 409, code: 'conflict', message: 'taken' };
      const headers = { 'content-type': 'application/problem+json' };
      return Promise.resolve(
        isTaken ? Response.json(problem, { status: 409, headers }) : Response.json({ token: 'secret', user }),
      );
    });
    onTestFinished(() => void vi.unstubAllGlobals());
    const transport = new FakeTransport();
    workspace.attach(transport);
    // The browser sends the cookie on its own.
    const client = createClient({
      url: 'https://workspace.test/chat',
      credentials: 'cookie',
      transport: (options) => transport.open({ ...options, token: cookie }),
    });
    onTestFinished(() => client.close());
    await online(client);
    expect(client.state.get().status).toBe('signed-out');
    await expect(client.signIn({ name: 'taken' })).rejects.toMatchObject({ code: 'conflict' });
    expect(client.state.get().status).toBe('signed-out');
    expect(await client.signIn({ name: 'anna' })).toMatchObject({ name: 'anna' });
    expect(client.token).toBeUndefined();
    await client.signOut();
    expect(client.state.get().status).toBe('signed-out');
    expect(client.user.get()).toBeUndefined();
    expect(requests).toEqual([
      'POST https://workspace.test/chat/api/session',
      'POST https://workspace.test/chat/api/session',
      'GET https://workspace.test/chat/api/session',
      'DELETE https://workspace.test/chat/api/session',
    ]);
  });
});

describe('in a browser', () => {
  test('C24 the workspace is at the page’s folder', async () => {
    fakeTime();
    fakeBrowser();
    const urls: string[] = [];
    const transport = new FakeTransport();
    const client = createClient({
      transport: (options) => {
        urls.push(options.url.href);
        return transport.open(options);
      },
    });
    client.connect();
    await client.close();
    expect(urls).toEqual(['https://workspace.test/chat/']);
  });

  test('C25 without a network it is offline, and reconnects at once when it is back', async () => {
    const { workspace, join } = setUp();
    const browser = fakeBrowser();
    const { client } = join('anna');
    await online(client);
    workspace.isUp = false;
    browser.setOnline(false);
    expect(client.state.get().status).toBe('offline');
    client.send('lobby', 'later');
    await settle(25_000);
    expect(client.state.get().status).toBe('offline');
    workspace.isUp = true;
    browser.setOnline(true);
    await settle();
    expect(client.state.get().status).toBe('online');
    expect(workspace.messages('lobby')).toHaveLength(1);
  });

  test('C25 a server on this machine is reached even though the device has no network', async () => {
    const { join } = setUp();
    const browser = fakeBrowser();
    browser.setOnline(false);
    const { client } = join('anna');
    await online(client);
    expect(client.state.get().status).toBe('online');
  });

  test.each([
    ['the page is visible again', (browser: FakeBrowser) => browser.setHidden(false)],
    ['it comes back from the browser’s cache', (browser: FakeBrowser) => browser.comeBackFromCache()],
    ['the network is back', (browser: FakeBrowser) => browser.setOnline(true)],
    ['the device has slept with the page visible', () => vi.setSystemTime(Date.now() + 60_000)],
  ])('C49 a connection that died in sleep is replaced within 3 s after %s', async (_, wake) => {
    const { workspace, join } = setUp();
    const browser = fakeBrowser();
    const { client, transport } = join('anna', { backOff: { minMs: 100_000, maxMs: 100_000 } });
    await online(client);
    const [dead] = transport.connections;
    const answer = transport.onCall!;
    transport.onCall = (call, connection) => connection === dead || answer(call, connection);
    const { sent } = client.send('lobby', 'written over the dead connection');
    await settle(5000);
    expect(client.state.get().status).toBe('online');
    wake(browser);
    await settle(3000);
    expect(client.state.get().status).toBe('online');
    expect(transport.connections).toHaveLength(2);
    expect((await sent).text).toBe('written over the dead connection');
    expect(workspace.messages('lobby')).toHaveLength(1);
  });

  test('C49 a connection over which anything arrives is kept, and waits for no answer but a refusal', async () => {
    const { join } = setUp();
    const browser = fakeBrowser();
    const { client, transport } = join('anna');
    await online(client);
    transport.onCall = (call) => call.refuse({ code: 'rate_limited', message: 'Too many' });
    browser.setHidden(false);
    await settle(3000);
    transport.onCall = undefined;
    browser.setHidden(false);
    await settle(1000);
    transport.last.deliver('server.news', {});
    await settle(2000);
    expect(client.state.get().status).toBe('online');
    expect(transport.connections).toHaveLength(1);
  });

  test('C50 a clock that is set back a day stops neither the wait nor the signs of typing and absence', async () => {
    const { workspace, join } = setUp();
    const browser = fakeBrowser();
    const { client, transport } = join('anna', { backOff: { minMs: 1000, maxMs: 1000 } });
    await online(client);
    const calls = (name: string) => workspace.calls.filter((call) => call.name === name).length;
    client.room('lobby').typing();
    vi.setSystemTime(Date.now() - 24 * 3600_000);
    await settle(10_000);
    client.room('lobby').typing();
    expect(calls('typing.start')).toBe(2);
    const told = calls('presence.set');
    await settle(300_000);
    expect(calls('presence.set')).toBe(told + 1);
    browser.touch();
    transport.last.deliver('server.closing', { reconnectMs: 5000 });
    workspace.drop();
    vi.setSystemTime(Date.now() - 24 * 3600_000);
    await settle(6000);
    expect(client.state.get().status).toBe('online');
  });

  test('C50 `clockOffset` follows the server’s clock, also when the device’s is set meanwhile', async () => {
    const { workspace, join } = setUp();
    fakeBrowser();
    const day = 24 * 3600_000;
    workspace.aheadMs = day;
    const { client } = join('anna');
    await online(client);
    expect(client.clockOffset.get()).toBe(day);
    workspace.drop();
    workspace.isUp = false;
    client.send('lobby', 'later');
    expect(client.room('lobby').get().messages[0]?.at).toBe(Date.now() + day);
    workspace.isUp = true;
    await settle(1000);
    vi.setSystemTime(Date.now() + day);
    workspace.aheadMs = 0;
    await settle(1000);
    expect(client.clockOffset.get()).toBe(0);
    expect(client.state.get().status).toBe('online');
  });

  test('C26 away after 60 s in the background or 5 min without input, and online again at once', async () => {
    const { workspace, join } = setUp();
    const browser = fakeBrowser();
    const { client } = join('anna');
    await online(client);
    const told = () =>
      workspace.calls
        .filter(({ name }) => name === 'presence.set')
        .map(({ input }) => (input as { presence: string }).presence);
    browser.setHidden(true);
    await settle(59_999);
    expect(told()).toEqual([]);
    await settle(1);
    expect(told()).toEqual(['away']);
    workspace.drop();
    await settle(1000);
    expect(told()).toEqual(['away', 'away']);
    browser.setHidden(false);
    // Once because the user is back, and once to find out whether the connection is alive.
    expect(told().splice(2)).toEqual(['online', 'online']);
    await settle(299_000);
    browser.touch();
    await settle(299_999);
    expect(told()).toHaveLength(4);
    await settle(1);
    expect(told().splice(4)).toEqual(['away']);
    browser.touch();
    expect(told().splice(4)).toEqual(['away', 'online']);
    await client.close();
    expect(vi.getTimerCount()).toBe(0);
  });
});
