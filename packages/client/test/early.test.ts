import { type Client, createClient, memoryOutboxStore } from '@madang/client';
import { openEarly } from '@madang/client/early';
import { beforeEach, expect, onTestFinished, test, vi } from 'vitest';
import { WebSocket } from 'ws';
import { startGuest } from '../../../tests/support/guest.js';
import { type RestGuest, startRestGuest } from '../../../tests/support/rest-guest.js';
import { startServer } from './start-server.js';

let url: string;
let talker: RestGuest;
/** The methods of the calls that the page has sent. */
let sent: string[];
/** What the server has sent it. */
let received: string[];

beforeEach(async () => {
  ({ url } = await startServer());
  talker = await startRestGuest(url, 'talker');
  await talker.say('before');
  const { cookie } = await startGuest(url, 'reader');
  sent = [];
  received = [];
  // As in a browser, which adds the cookie.
  class PageSocket extends WebSocket {
    constructor(address: URL) {
      super(address, { headers: { cookie, origin: url } });
      this.on('message', (data: Buffer) => void received.push(data.toString()));
    }
    override send(text: string): void {
      sent.push((JSON.parse(text) as { method: string }).method);
      super.send(text);
    }
  }
  vi.stubGlobal('WebSocket', PageSocket);
  onTestFinished(() => void vi.unstubAllGlobals());
});

/** Opens a page's connection; resolves once its early calls have been answered, with a way to take it over. */
async function openPage(room: string): Promise<() => Client> {
  const early = openEarly(room, new URL(`${url}/`));
  await vi.waitFor(() => expect(received).toHaveLength(2));
  return () => {
    const client = createClient({ url, transport: 'auto', credentials: 'cookie', early, outbox: memoryOutboxStore() });
    onTestFinished(() => client.close());
    client.connect();
    return client;
  };
}

function watch(client: Client): void {
  onTestFinished(client.room('lobby').subscribe(() => {}));
}

const texts = (client: Client) =>
  client
    .room('lobby')
    .get()
    .messages.map(({ text }) => text);

test('C55 the answers to what was asked before the SDK was loaded are used, and nothing is asked twice', async () => {
  const client = (await openPage('lobby'))();
  watch(client);
  await vi.waitFor(() => expect(texts(client)).toEqual(['before']));
  expect(client.user.get()?.name).toBe('reader');
  expect(sent.filter((method) => method !== 'pin.list' && method !== 'member.list')).toEqual([
    'session.get',
    'message.list',
  ]);
});

test('C55 what has happened since those answers is not missed, and they are used only for the room they are about', async () => {
  const take = await openPage('lobby');
  await talker.say('since');
  await vi.waitFor(() => expect(received.join()).toContain('"since"'));
  const client = take();
  const heard = vi.fn();
  client.on('message.created', heard);
  await vi.waitFor(() => expect(heard).toHaveBeenCalled());
  watch(client);
  await vi.waitFor(() => expect(texts(client)).toEqual(['before', 'since']));
  await talker.say('later');
  await vi.waitFor(() => expect(texts(client)).toEqual(['before', 'since', 'later']));
});

test('C55 a blocker in the browser that refuses WebSockets stops nothing', async () => {
  vi.stubGlobal('WebSocket', function refused() {
    throw new DOMException('refused', 'SecurityError');
  });
  const early = openEarly('lobby', new URL(`${url}/`));
  vi.unstubAllGlobals();
  const client = createClient({ url, transport: 'auto', name: 'blocked', early, outbox: memoryOutboxStore() });
  onTestFinished(() => client.close());
  client.connect();
  await vi.waitFor(() => expect(client.user.get()?.name).toBe('blocked'));
});
