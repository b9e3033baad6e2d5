import type { Page } from 'playwright-core';
import { expect, test } from 'vitest';
import { Disposables } from '../support/disposables.ts';
import { call } from '../support/transport-client.ts';
import { transports, pythonTransports } from '../support/transports.ts';
import { connectLine } from '../support/line-client.ts';
import { say } from '../support/visitor.ts';
import { useWeb } from '../support/web.ts';

/** How many messages each client sends: few enough for a tall window to show them all. */
const EACH = 2;

const web = useWeb();

/** The messages that a page shows, from top to bottom. */
function shown(page: Page): Promise<string[]> {
  return page
    .getByRole('article')
    .evaluateAll((rows) => rows.flatMap((row) => /said-by-\d+-\d+/.exec(row.textContent ?? '')?.[0] ?? []));
}

test('D2 two browsers, every transport, clients of two languages, in the lobby: each sees every message once, in order', async () => {
  await using everyone = new Disposables();
  const pages = await Promise.all(
    ['새벽별', 'tea_time'].map(async (name, index) => {
      const visitor = everyone.use(await web.enter(name, { language: index === 0 ? 'ko' : 'en' }));
      await visitor.page.setViewportSize({ width: 1280, height: 3000 });
      return visitor.page;
    }),
  );
  const clients = await Promise.all(
    Object.entries({ ...transports, ...pythonTransports }).map(async ([, connect], index) =>
      everyone.use(await connect(web.url, { name: `person ${index}` })),
    ),
  );
  const line = everyone.use(await connectLine(web.url));

  const senders = [
    ...clients.map((client) => (text: string) => call(client, 'message.send', { room: 'lobby', text })),
    ...pages.map((page) => (text: string) => say(page, text)),
    (text: string) => Promise.resolve(line.say(text)),
  ];
  for (let round = 0; round < EACH; round += 1) {
    await Promise.all(senders.map((send, index) => send(`said-by-${index}-${round}`)));
  }

  const [first] = clients;
  if (!first) throw new Error('no client');
  await first.events.until(
    (all) => all.filter(({ name }) => name === 'message.created').length >= senders.length * EACH,
  );
  const { messages } = await call(first, 'message.list', { room: 'lobby', limit: 100 });
  const log = messages.map(({ text }) => text);
  expect(log).toHaveLength(senders.length * EACH);
  for (const page of pages) await expect.poll(() => shown(page), { timeout: 15_000 }).toEqual(log);
  for (const client of clients) {
    const texts = () =>
      client.events.all.flatMap(({ name, body }) =>
        name === 'message.created' ? [(body['message'] as { text: string }).text] : [],
      );
    await expect.poll(texts, { timeout: 15_000 }).toEqual(log);
  }
});
