import { once } from 'node:events';
import { createServer } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { pipeline } from 'node:stream';
import type { Page } from 'playwright-core';
import { expect, test } from 'vitest';
import { codeBlocks } from '../docs/code-blocks.ts';
import { databases, kept, stored } from '../support/kept.ts';
import { startRestGuest } from '../support/rest-guest.ts';
import { enter, messageOf, say, visit } from '../support/visitor.ts';
import { useWeb } from '../support/web.ts';

// Below a path, as the service worker must leave the rest of a site alone.
const web = useWeb({ flags: ['--limits', 'off', '--path', '/talk'] });
const address = () => `${web.url}/talk/`;

test('a manifest in the language of the page, with icons that are there', async () => {
  for (const [language, name] of [
    ['ko', '마당 Madang'],
    ['en', 'Madang'],
  ] as const) {
    await using one = await visit(web.browser, address(), { language });
    const { page } = one;
    await page.getByRole('textbox').waitFor();
    const link = page.locator('link[rel="manifest"]');
    const from = await link.evaluate((element: HTMLLinkElement) => element.href);
    const answer = await fetch(from);
    expect(answer.headers.get('content-type')).toMatch(/^application\/manifest\+json/);
    const manifest = (await answer.json()) as Record<string, string> & { icons: Record<string, string>[] };
    expect(manifest).toMatchObject({ name, lang: language, display: 'standalone' });
    expect(new URL(manifest['start_url'] ?? '', from).pathname).toBe('/talk/');
    expect(new URL(manifest['scope'] ?? '', from).pathname).toBe('/talk/');
    expect(manifest.icons.map(({ purpose }) => purpose)).toContain('maskable');
    for (const { src = '', type = '' } of manifest.icons) {
      const icon = await fetch(new URL(src, from));
      expect(icon.headers.get('content-type')).toContain(type);
    }
  }
});

test('a new version waits until somebody opens it, and pages of the old one keep their files; a worker can be taken away', async () => {
  await using site = await startSite(web.url);
  await using one = await visit(web.browser, site.address, { isKept: true });
  const { page } = one;
  await kept(page);
  const [first = ''] = await caches(page);
  const old = await (await fetch(site.address)).text();
  const chunk = /assets\/emoji-picker-[\w-]+\.js/.exec(
    await (await fetch(`${site.address}service-worker.js`)).text(),
  )?.[0];
  const version = /name="madang-version" content="([^"]+)"/.exec(old)?.[1] ?? '';
  expect(first).toBe(`madang ${site.address} ${version}`);

  // The new version has a new name, and the server no longer has one of the old one's files.
  site.change('', (text) => text.replace(version, 'new-version'));
  site.change('service-worker.js', (text) => text.replace(version, 'new-version').replace(`${chunk}`, 'icon.svg'));
  site.change(`${chunk}`, () => undefined);
  await page.evaluate(async () => {
    const registration = await navigator.serviceWorker.ready;
    await registration.update();
    while (!registration.waiting) await new Promise((resolve) => setTimeout(resolve, 20));
  });
  expect((await caches(page)).length).toBe(2);
  const next = await page.context().newPage();
  await next.goto(site.address);
  await next.evaluate(async () => {
    const registration = await navigator.serviceWorker.ready;
    while (registration.waiting) await new Promise((resolve) => setTimeout(resolve, 20));
  });
  const statusOf = (path: string) => page.evaluate((file) => fetch(file).then(({ status }) => status), path);
  expect((await fetch(`${site.address}${chunk}`)).status).toBe(404);
  expect(await statusOf(`${chunk}`)).toBe(200);

  await page.close();
  await next.reload();
  await expect.poll(() => caches(next)).toEqual([`madang ${site.address} new-version`]);
  site.change('', () => undefined);
  await next.reload();
  expect(await next.locator('meta[name="madang-version"]').getAttribute('content')).toBe('new-version');

  const leave = codeBlocks('docs/operating.md').find(({ code }) => code.includes('unregister'))?.code;
  site.change('service-worker.js', () => leave);
  site.change('', (text) => text);
  await next.evaluate(() => navigator.serviceWorker.ready.then((registration) => registration.update()));
  await expect.poll(() => caches(next).catch(() => undefined)).toEqual([]);
  // The worker lets the page navigate when it goes.
  const registrations = async () => (await navigator.serviceWorker.getRegistrations()).length;
  await expect.poll(() => next.evaluate(registrations).catch(() => undefined)).toBe(0);
}, 90_000);

test('without a server the web client opens in the last room, takes messages, and sends them later; signing out leaves nothing', async () => {
  const other = await startRestGuest(`${web.url}/talk`, '이웃');
  await other.say('고칠 글');
  await other.say('지울 글');
  await using one = await enter(web.browser, address(), '오프라인', { isKept: true });
  const { page } = one;
  await messageOf(page, '지울 글').waitFor();
  await kept(page);
  expect(await page.evaluate(() => fetch('readyz').then(({ status }) => status))).toBe(200);
  await stored(page, '지울 글');
  const hasEmoji = () => page.evaluate(async () => (await globalThis.caches.match('emoji/ko.json')) !== undefined);
  await expect.poll(hasEmoji).toBe(true);
  const { room: unknown } = await other.call<{ room: { id: string } }>('POST', '/rooms', { name: '모르는 방' });
  await web.server.kill();
  await page.goto(`${address()}?from=link`);
  await messageOf(page, '지울 글').waitFor();
  await page.getByRole('link', { name: /lobby/ }).waitFor();
  await say(page, '오프라인에서 쓴 글');
  await messageOf(page, '오프라인에서 쓴 글').getByText('보내는 중').waitFor();
  await stored(page, '오프라인에서 쓴 글');
  await page.goto(address());
  await messageOf(page, '오프라인에서 쓴 글').getByText('보내는 중').waitFor();
  // The emoji, which nobody has opened yet.
  await page.getByRole('button', { name: '이모지 넣기' }).click();
  await page.getByRole('gridcell').first().click();
  await expect.poll(() => page.locator('#composer').inputValue()).toMatch(/\p{Emoji}/u);
  await page.locator('#composer').fill('');
  const link = await page.context().newPage();
  await link.setViewportSize({ width: 390, height: 844 });
  await link.goto(`${address()}#/r/${unknown.id}`);
  await link.getByRole('heading', { name: '연결 없이는 이 방을 볼 수 없습니다' }).waitFor();
  await link.getByRole('status', { name: '연결 상태' }).getByRole('button', { name: '지금 연결' }).waitFor();
  await link.getByRole('button', { name: '방 목록으로' }).click();
  await link.getByRole('link', { name: /lobby/ }).waitFor();
  await link.goForward();
  await link.getByRole('heading', { name: '연결 없이는 이 방을 볼 수 없습니다' }).waitFor();
  // A page of the site that is not the web client's: the browser's own failure.
  const elsewhere = await page.context().newPage();
  for (const path of ['/talk/readyz', '/'])
    await expect(elsewhere.goto(`${web.url}${path}`)).rejects.toThrow(/ERR_CONNECTION_REFUSED/);

  await web.server.start();
  await link.getByRole('heading', { name: '아직 들어가지 않은 방입니다: 모르는 방' }).waitFor({ timeout: 25_000 });
  await link.close();
  const { messages } = await other.call<{ messages: { id: string; text: string }[] }>('GET', '/rooms/lobby/messages');
  const idOf = (text: string) => messages.find((each) => each.text === text)?.id;
  await other.call('PATCH', `/messages/${idOf('고칠 글')}`, { text: '고친 글' });
  await other.call('DELETE', `/messages/${idOf('지울 글')}`);
  await page.locator('article[data-delivery="sent"]', { hasText: '오프라인에서 쓴 글' }).waitFor({ timeout: 25_000 });
  await messageOf(page, '고친 글').waitFor();
  await messageOf(page, '지울 글').waitFor({ state: 'detached' });
  await elsewhere.goto(`${web.url}/talk/readyz`);
  expect(await elsewhere.textContent('body')).toContain('ready');
  await elsewhere.close();

  await page.goto(address());
  await page.getByRole('button', { name: /내 메뉴/ }).click();
  await page.getByRole('menuitem', { name: '나가기' }).click();
  await page.getByRole('alertdialog').getByRole('button', { name: '나가기' }).click();
  await page.getByLabel('닉네임').waitFor();
  await expect.poll(() => databases(page)).not.toContain('고친 글');
  await web.server.kill();
  await page.reload();
  await page.getByRole('button', { name: '지금 연결' }).waitFor();
  expect(await page.getByRole('article').count()).toBe(0);
  expect(one.problems).toEqual([]);
  await web.server.start();
}, 90_000);

/** The names of the caches of a page's origin. */
function caches(page: Page): Promise<string[]> {
  return page.evaluate(() => globalThis.caches.keys());
}

/** Another origin in front of the server, whose files can be changed as by a deployment; undefined: status 500 or 404. */
async function startSite(url: string) {
  const changes = new Map<string, (text: string) => string | undefined>();
  const server = createServer((request, response) => {
    void (async () => {
      const path = request.url ?? '';
      const answer = await fetch(`${url}${path}`).catch(() => new Response(undefined, { status: 502 }));
      const change = changes.get(path.slice('/talk/'.length));
      const body = change ? change(await answer.text()) : Buffer.from(await answer.arrayBuffer());
      const type = answer.headers.get('content-type') ?? '';
      const failed = path.endsWith('/') ? 500 : 404;
      response.writeHead(body === undefined ? failed : answer.status, { 'content-type': type }).end(body);
    })();
  });
  // WebSockets go through as they are.
  server.on('upgrade', (request, socket, head) => {
    const headers = request.rawHeaders.map((text, at) => text + (at % 2 ? '\r\n' : ': '));
    const upstream = connect(Number(new URL(url).port), '127.0.0.1');
    upstream.write(`GET ${request.url} HTTP/1.1\r\n${headers.join('')}\r\n`);
    upstream.write(head);
    pipeline(socket, upstream, socket, () => {});
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    address: `http://localhost:${(server.address() as AddressInfo).port}/talk/`,
    change: (path: string, how: (text: string) => string | undefined) => void changes.set(path, how),
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
