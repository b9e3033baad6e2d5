import type { Page } from 'playwright-core';
import { beforeAll, describe, expect, test } from 'vitest';
import { startRestGuest } from '../support/rest-guest.ts';
import { messageOf, say, visit, type Visitor } from '../support/visitor.ts';
import { useWeb } from '../support/web.ts';

const web = useWeb({ flags: ['--limits', 'off'] });

beforeAll(async () => {
  const other = await startRestGuest(web.url, '이웃');
  await other.say('**인사**드립니다');
});

let visitors = 0;

/** Enters with a page that is prepared to fail. */
function enterPrepared(prepare: (page: Page) => Promise<unknown>): Promise<Visitor> {
  visitors += 1;
  return web.enter(`손님 ${visitors}`, { prepare });
}

/** Makes a browser API throw after `break_(name)`, until `mend()`. */
function breakable(page: Page): Promise<unknown> {
  return page.addInitScript(() => {
    let broken = '';
    Object.assign(globalThis, { breakPart: (name: string) => (broken = name), mendParts: () => (broken = '') });
    const wrap = (owner: object, key: string, name: string) => {
      const original = Reflect.get(owner, key) as (...args: unknown[]) => unknown;
      const wrapped = function (this: unknown, ...args: unknown[]): unknown {
        if (broken === name) throw new Error(`${name} is broken`);
        return new.target ? Reflect.construct(original, args) : Reflect.apply(original, this, args);
      };
      Object.defineProperty(wrapped, 'prototype', { value: original.prototype });
      Object.setPrototypeOf(wrapped, original);
      Reflect.set(owner, key, wrapped);
    };
    wrap(Array.prototype, 'toSorted', 'sidebar');
    wrap(Intl, 'RelativeTimeFormat', 'members');
    wrap(Intl, 'DateTimeFormat', 'details');
    wrap(TextEncoder.prototype, 'encode', 'composer');
    wrap(Array.prototype, 'findLast', 'list');
    wrap(Date.prototype, 'toISOString', 'row');
    wrap(globalThis, 'URL', 'marks');
    wrap(globalThis, 'setInterval', 'connection');
  });
}

const breakPart = (page: Page, name: string) =>
  page.evaluate((part) => (globalThis as unknown as { breakPart: (name: string) => void }).breakPart(part), name);
const mendParts = (page: Page) => page.evaluate(() => (globalThis as unknown as { mendParts: () => void }).mendParts());

const retryIn = (page: Page, place: string) => page.locator(place).getByRole('button', { name: '다시 시도' });

describe('a part whose code cannot be loaded', () => {
  test('says so in its place, the rest works, and "try again" loads it', async () => {
    const chunk = '**/assets/{conversation,emoji-picker}-*.js*';
    await using one = await enterPrepared((page) => page.route(chunk, (route) => route.abort()));
    const { page } = one;
    await page.getByText('이 부분을 불러오지 못했습니다').waitFor();
    await page.getByRole('link', { name: /lobby/ }).waitFor();
    await page.getByRole('button', { name: '방 둘러보기' }).click();
    await page.getByRole('dialog').waitFor();
    await page.keyboard.press('Escape');
    await page.unroute(chunk);
    await retryIn(page, 'main').click();
    await messageOf(page, '인사드립니다').waitFor();

    await page.route(chunk, (route) => route.abort());
    await page.route('**/emoji/ko.json', (route) => route.fulfill({ status: 503 }));
    await page.getByRole('button', { name: '이모지 넣기' }).click();
    const picker = page.getByRole('dialog', { name: '이모지 고르기' });
    await picker.getByText('이 부분을 불러오지 못했습니다').waitFor();
    await page.unroute(chunk);
    // Now its code is there, but not its data.
    await picker.getByRole('button', { name: '다시 시도' }).click();
    await picker.getByText('이모지를 불러오는 중입니다').waitFor({ state: 'detached' });
    await picker.getByText('이 부분을 불러오지 못했습니다').waitFor();
    await page.unroute('**/emoji/ko.json');
    await picker.getByRole('button', { name: '다시 시도' }).click();
    await picker.getByRole('gridcell').first().click();
    await expect.poll(() => page.locator('#composer').inputValue()).toMatch(/\p{Emoji}/u);

    // After the next connect it is loaded again without being asked: the cause was most likely the same.
    await page.route(chunk, (route) => route.abort());
    await page.reload();
    await page.getByText('이 부분을 불러오지 못했습니다').waitFor();
    await page.context().setOffline(true);
    await page.getByText('인터넷에 연결되어 있지 않습니다').waitFor();
    await page.unroute(chunk);
    await page.context().setOffline(false);
    await messageOf(page, '인사드립니다').waitFor();
    expect(await page.getByRole('button', { name: '다시 시도' }).count()).toBe(0);
  }, 60_000);
});

describe('a part that fails', () => {
  test('takes nothing else with it, and "try again" brings it back', async () => {
    await using one = await enterPrepared(breakable);
    const { page } = one;
    await messageOf(page, '인사드립니다').waitFor();

    await breakPart(page, 'composer');
    await page.locator('#composer').fill('쓰던 글');
    await retryIn(page, 'main').waitFor();
    await messageOf(page, '인사드립니다').waitFor();
    await mendParts(page);
    await retryIn(page, 'main').click();
    await expect.poll(() => page.locator('#composer').inputValue()).toBe('쓰던 글');

    await breakPart(page, 'details');
    await page.getByRole('button', { name: '방 정보' }).click();
    await page.getByRole('dialog').getByText('이 부분을 표시하지 못했습니다').waitFor();
    await mendParts(page);
    await retryIn(page, 'dialog').click();
    await page
      .getByRole('dialog')
      .getByText(/ 개설$/)
      .waitFor();
    await page.keyboard.press('Escape');

    await breakPart(page, 'members');
    await page.getByRole('button', { name: '참여자 닫기' }).first().click();
    await page.getByRole('button', { name: '참여자 보기' }).click();
    await retryIn(page, 'aside').waitFor();
    await mendParts(page);
    await retryIn(page, 'aside').click();
    await page.getByRole('button', { name: '이웃 님 메뉴' }).waitFor();

    await breakPart(page, 'sidebar');
    await page.evaluate(() => window.dispatchEvent(new Event('languagechange')));
    await (await startRestGuest(web.url, '새 이웃')).say('목록이 바뀝니다');
    await retryIn(page, 'body').waitFor();
    await messageOf(page, '목록이 바뀝니다').waitFor();
    await mendParts(page);
    await retryIn(page, 'body').click();
    await page.getByRole('link', { name: /lobby/ }).waitFor();

    await breakPart(page, 'list');
    await say(page, '목록이 깨져도 보냅니다');
    await retryIn(page, 'main').waitFor();
    await mendParts(page);
    await retryIn(page, 'main').click();
    await messageOf(page, '목록이 깨져도 보냅니다').waitFor();

    // A message: its marks, then its row.
    await breakPart(page, 'marks');
    await say(page, '**굵게** https://example.org/');
    await messageOf(page, '**굵게** https://example.org/').waitFor();
    await breakPart(page, 'row');
    await say(page, '줄이 깨져도 __보입니다__');
    await messageOf(page, /손님 \d+: 줄이 깨져도 __보입니다__/).waitFor();
    await mendParts(page);
    await messageOf(page, '줄이 깨져도').getByRole('button', { name: '다시 시도' }).click();
    await page.locator('article[data-delivery="sent"]', { hasText: '줄이 깨져도' }).waitFor();
    // Rows before it may have been drawn again with it.
    const others = retryIn(page, '[role=log]');
    // oxlint-disable-next-line no-await-in-loop -- each click takes one away
    while ((await others.count()) > 0) await others.first().click();

    await breakPart(page, 'connection');
    await web.server.kill();
    await retryIn(page, 'body').waitFor();
    await page.locator('#composer').fill('끊겨도 씁니다');
    await mendParts(page);
    await retryIn(page, 'body').click();
    await page.getByText('서버와 연결이 끊겼습니다').waitFor();
    await web.server.start();
    // Not by the button for that: the page may have connected on its own.
    await page.evaluate(() => window.dispatchEvent(new Event('online')));
    await page.getByText('서버와 연결이 끊겼습니다').waitFor({ state: 'detached', timeout: 25_000 });
    expect(await page.locator('#composer').inputValue()).toBe('끊겨도 씁니다');
    expect(await page.getByRole('button', { name: '다시 시도' }).count()).toBe(0);
  }, 60_000);
});

test('a question that the server cannot answer now is not answered with "none"', async () => {
  let refuses = true;
  let hasMessages = false;
  const refuse = (page: Page) =>
    page.routeWebSocket(/\/ws$/, (socket) => {
      const server = socket.connectToServer();
      socket.onMessage((frame) => {
        const { id, method } = JSON.parse(String(frame)) as { id: number; method: string };
        const error = { code: -32_000, message: 'busy', data: { code: 'unavailable', message: 'busy' } };
        const isRefused =
          refuses && (/^(room\.get|block\.list)$/.test(method) || (method === 'message.list' && !hasMessages));
        if (isRefused) socket.send(JSON.stringify({ jsonrpc: '2.0', id, error }));
        else server.send(frame);
      });
    });
  await using one = await enterPrepared(refuse);
  const { page } = one;
  const messages = page.getByText('지금은 서버에서 이 방의 메시지를 불러올 수 없습니다');
  await messages.waitFor();
  await page.evaluate(() => (location.hash = '#/r/nowhere'));
  await page.getByRole('heading', { name: '지금은 이 방을 열 수 없습니다' }).waitFor();
  await messages.waitFor();
  hasMessages = true;
  await retryIn(page, 'main').waitFor();
  expect(await page.getByText('방을 찾을 수 없습니다').count()).toBe(0);
  await page.getByRole('button', { name: /내 메뉴/ }).click();
  await page.getByRole('menuitem', { name: '차단한 사람' }).click();
  await retryIn(page, 'dialog').waitFor();
  expect(await page.getByText('차단한 사람이 없습니다').count()).toBe(0);
  refuses = false;
  await retryIn(page, 'dialog').click();
  await page.getByText('차단한 사람이 없습니다').waitFor();
  await page.keyboard.press('Escape');
  await retryIn(page, 'main').click();
  await page.getByText('방을 찾을 수 없습니다').waitFor();
  expect(one.problems).toEqual([]);
});

describe('storage that fails', () => {
  const denied = (page: Page) =>
    page.addInitScript(() => {
      for (const name of ['localStorage', 'indexedDB'])
        Object.defineProperty(globalThis, name, {
          get: () => {
            throw new DOMException('Access is denied', 'SecurityError');
          },
        });
    });

  test('denied: the user can sign in and write, and is told what would be lost; drafts last as long as the page', async () => {
    await using one = await enterPrepared(denied);
    const { page } = one;
    const notice = page.getByText('이 브라우저에는 저장할 수 없습니다');
    await notice.waitFor();
    await say(page, '저장 없이 한 말');
    await page.locator('article[data-delivery="sent"]', { hasText: '저장 없이 한 말' }).waitFor();
    await page.locator('#composer').fill('쓰던 글');
    await page.keyboard.press('Control+,');
    await page.getByRole('radio', { name: 'English' }).click();
    await page.getByText('Nothing can be saved in this browser').waitFor();
    await page.evaluate(() => (location.hash = '#/'));
    await page.locator('#composer').waitFor();
    expect(await page.locator('#composer').inputValue()).toBe('쓰던 글');
    await page.getByRole('button', { name: 'Close' }).first().click();
    await page.getByText('Nothing can be saved').waitFor({ state: 'detached' });
    expect(one.problems).toEqual([]);
  }, 60_000);

  test('full: typing works, and the page says so', async () => {
    await using one = await enterPrepared((page) =>
      page.addInitScript(() => {
        Storage.prototype.setItem = () => {
          throw new DOMException('The quota has been exceeded', 'QuotaExceededError');
        };
      }),
    );
    const { page } = one;
    await page.locator('#composer').pressSequentially('가나다라');
    await page.getByText('쓰던 글과 설정을 이 브라우저에 저장할 수 없습니다').waitFor();
    await page.locator('#composer').press('Enter');
    await page.locator('article[data-delivery="sent"]', { hasText: '가나다라' }).waitFor();
    expect(one.problems).toEqual([]);
  }, 60_000);

  test('never answering: messages are sent all the same, and the page says that unsent ones are not kept', async () => {
    await using one = await enterPrepared((page) =>
      page.addInitScript(() => {
        IDBFactory.prototype.open = () => Object.assign(new EventTarget(), {}) as IDBOpenDBRequest;
      }),
    );
    const { page } = one;
    await say(page, '대답 없는 저장소');
    await page.getByText('보내지 못한 메시지를 이 브라우저에 저장할 수 없습니다').waitFor();
    await page.locator('article[data-delivery="sent"]', { hasText: '대답 없는 저장소' }).waitFor();
    expect(one.problems).toEqual([]);
  }, 60_000);

  test('cleared meanwhile: drafts and waiting messages are still sent', async () => {
    const { page, problems } = await web.enterToStay('단골');
    await messageOf(page, '인사드립니다').waitFor();
    await page.context().setOffline(true);
    await page.getByText('인터넷에 연결되어 있지 않습니다').waitFor();
    await say(page, '지우기 전에 한 말');
    await page.locator('#composer').fill('쓰던 글');
    await page.evaluate(async () => {
      localStorage.clear();
      for (const { name = '' } of await indexedDB.databases()) indexedDB.deleteDatabase(name);
    });
    await say(page, '지운 뒤에 한 말');
    await page.context().setOffline(false);
    for (const text of ['지우기 전에 한 말', '지운 뒤에 한 말'])
      await page.locator('article[data-delivery="sent"]', { hasText: text }).waitFor({ timeout: 25_000 });
    await page.locator('#composer').fill('');
    expect(problems).toEqual([]);
  }, 60_000);
});

test('a new version on the server is offered after the next connect, and in place of a part that only the old one had', async () => {
  const { page } = await web.enterToStay('단골');
  await messageOf(page, '인사드립니다').waitFor();
  const front = `${web.url}/`;
  const html = await (await fetch(web.url)).text();
  const next = html.replace(/(name="madang-version" content=")[^"]+/, '$1another');
  expect(next).not.toBe(html);
  let asked = 0;
  const serve = (body: string) =>
    page.route(front, (route) => {
      asked += 1;
      return route.fulfill({ contentType: 'text/html', body });
    });
  const reconnect = async () => {
    const before = asked;
    await page.context().setOffline(true);
    await page.getByText('인터넷에 연결되어 있지 않습니다').waitFor();
    await page.context().setOffline(false);
    await page.getByText('인터넷에 연결되어 있지 않습니다').waitFor({ state: 'detached' });
    await expect.poll(() => asked).toBeGreaterThan(before);
  };
  // A proxy's page, or the same version, is no new one.
  for (const body of ['<h1>Pay for this network</h1>', html]) {
    // oxlint-disable-next-line no-await-in-loop -- one after another
    await serve(body);
    // oxlint-disable-next-line no-await-in-loop
    await reconnect();
  }
  expect(await page.getByText('마당의 새 버전').count()).toBe(0);

  // The new server no longer has the old one's files.
  await serve(next);
  await page.route('**/assets/emoji-picker-*.js*', (route) => route.fulfill({ status: 404, body: 'none' }));
  await page.getByRole('button', { name: '이모지 넣기' }).click();
  const picker = page.getByRole('dialog', { name: '이모지 고르기' });
  await picker.getByText('페이지를 새로 고치면 이 부분이 보입니다').waitFor();
  expect(await picker.getByRole('button', { name: '다시 시도' }).count()).toBe(0);
  await page.keyboard.press('Escape');
  const banner = page.getByRole('status', { name: '연결 상태' });
  await banner.getByText('마당의 새 버전이 나왔습니다').waitFor();
  await page.locator('#composer').fill('쓰던 글');
  await banner.getByRole('button', { name: '새로 고침' }).click();
  await messageOf(page, '인사드립니다').waitFor();
  expect(await page.locator('#composer').inputValue()).toBe('쓰던 글');
  expect(await page.getByText('마당의 새 버전').count()).toBe(0);
}, 60_000);

describe('signing in', () => {
  const signIn = async (page: Page) => {
    await page.getByRole('textbox', { name: '닉네임' }).fill('나그네');
    await page.getByRole('button', { name: '들어가기' }).click();
  };

  test('what is not the server’s answer is no session, and refused cookies are said to be so', async () => {
    await using one = await web.visit();
    const { page } = one;
    const api = '**/api/session';
    const portal = { contentType: 'text/html', body: '<h1>Pay for this network</h1>' };
    for (const answer of [portal, { ...portal, status: 502 }, { status: 200, body: '' }]) {
      // oxlint-disable no-await-in-loop -- one after another
      await page.route(api, (route) => route.fulfill(answer), { times: 1 });
      await signIn(page);
      await page.getByText('지금은 서버가 응답하지 않습니다').waitFor();
      await page.getByRole('textbox', { name: '닉네임' }).fill('');
      // oxlint-enable no-await-in-loop
    }
    // The cookie is lost on its way: the session is ended again, so that the name is free.
    await page.route(api, async (route) => {
      const response = await route.fetch();
      const { 'set-cookie': _, ...headers } = response.headers();
      await page.context().clearCookies();
      await route.fulfill({ response, headers });
    });
    await signIn(page);
    await page.getByText('쿠키를 이 브라우저가 거부했습니다').waitFor();
    await page.unroute(api);
    await signIn(page);
    await messageOf(page, '인사드립니다').waitFor();
    expect(one.problems).toEqual([]);
  }, 60_000);
});

describe('a page that cannot start is not blank', () => {
  test('without its program', async () => {
    await using one = await visit(web.browser, `${web.url}/healthz`);
    const { page } = one;
    await page.route('**/assets/*.js', (route) => route.abort());
    await page.goto(web.url);
    expect(await page.getByText('마당을 열지 못했습니다').isVisible()).toBe(false);
    // Skips the seconds that it waits.
    await page.evaluate(() => {
      for (const animation of document.getAnimations()) animation.finish();
    });
    await page.getByText('마당을 열지 못했습니다').waitFor();
    await page.unroute('**/assets/*.js');
    await page.getByRole('link', { name: '다시 열어 주세요' }).click();
    await page.getByRole('textbox', { name: '닉네임' }).waitFor();
    expect(await page.getByText('마당을 열지 못했습니다').isVisible()).toBe(false);

    // Without its styles: they are loaded again, and if that is in vain, the page says that it could not start.
    await page.route('**/assets/*.css', (route) => route.abort(), { times: 1 });
    await page.reload();
    await page.getByRole('textbox', { name: '닉네임' }).waitFor();
    expect(await page.getByText('마당을 열지 못했습니다').isVisible()).toBe(false);
    await page.route('**/assets/*.css*', (route) => route.abort());
    await page.reload();
    await page.getByText('마당을 열지 못했습니다').waitFor();
    expect(await page.getByRole('textbox', { name: '닉네임' }).count()).toBe(0);
  });

  test('without JavaScript', async () => {
    const context = await web.browser.newContext({ javaScriptEnabled: false });
    const page = await context.newPage();
    await page.goto(web.url);
    await page.getByText('Madang could not start').waitFor();
    await context.close();
  });
});
