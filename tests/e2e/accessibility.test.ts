import { AxeBuilder } from '@axe-core/playwright';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startBrowser } from '../support/browser.ts';
import { speaker } from '../support/speak.ts';
import { startServer, type TestServer } from '../support/start-server.ts';
import { enter, messageOf, say, visit } from '../support/visitor.ts';

let server: TestServer;
let browser: Browser;

beforeAll(async () => {
  [server, browser] = await Promise.all([startServer(), startBrowser()]);
  const other = await speaker(server.url, '이웃');
  await other.call('POST', '/rooms', { name: '이웃 모임', topic: '동네 이야기' });
  await other.say('인사드립니다 https://example.com/hello');
  await other.say('> 인용\n\n- 하나\n- 둘\n\n`코드`와 ~~취소선~~\n\n```\n코드 블록\n```');
});

afterAll(async () => {
  await browser?.close();
  await server?.[Symbol.asyncDispose]();
});

/** What axe finds on a page: by all of its rules, or for contrast alone. */
async function violations(page: Page, rules: 'all' | 'contrast'): Promise<string[]> {
  // Colours that are still on their way would be judged half way.
  await page.waitForTimeout(250);
  const axe = new AxeBuilder({ page });
  const { violations: found } = await (rules === 'all' ? axe : axe.withRules(['color-contrast'])).analyze();
  return found.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html.slice(0, 160)).join(' | ')}`);
}

/** Each language and each theme with all rules once; what the other two differ in is colours against longer words. */
const cases = [
  ['ko', 'light', 'all'],
  ['en', 'dark', 'all'],
  ['ko', 'dark', 'contrast'],
  ['en', 'light', 'contrast'],
] as const;

describe.each(cases)('axe finds nothing, in %s and %s, by %s rules', (language, theme, rules) => {
  test('on the screens of a desktop', { timeout: 120_000 }, async () => {
    const checked: Record<string, string[]> = {};
    const check = async (name: string, page: Page) => (checked[name] = await violations(page, rules));

    await using gate = await visit(browser, server.url, { language, theme });
    await check('gate', gate.page);
    await gate.page.getByRole('button', { name: /들어가기|Come in/ }).click();
    await check('gate with an error', gate.page);

    await using one = await enter(browser, server.url, `${language} ${theme}`, { language, theme });
    const { page } = one;
    await say(page, '내 말');
    await page.locator('article[data-delivery="sent"]', { hasText: '내 말' }).last().waitFor();
    await messageOf(page, '내 말').hover();
    await messageOf(page, '내 말').getByRole('button', { name: /👍/ }).click();
    await messageOf(page, '내 말').getByRole('button', { name: /👍 1/ }).waitFor();
    await check('conversation', page);

    await page.locator('#composer').press('ArrowUp');
    await check('editing', page);
    await page.keyboard.press('Escape');

    await messageOf(page, '내 말').hover();
    await messageOf(page, '내 말')
      .getByRole('button', { name: /^(삭제|Delete)$/ })
      .click();
    await check('delete question', page);
    await page.keyboard.press('Escape');

    for (const [name, button] of [
      ['browse', /방 둘러보기|Browse rooms/],
      ['create', /새 방 만들기|Create a room/],
      ['details', /방 정보|Room details/],
      ['invite', /^(초대|Invite)$/],
      ['emoji', /이모지 넣기|Insert emoji/],
      ['user menu', /내 메뉴|Your menu/],
      ['member menu', /이웃 님 메뉴|Menu for 이웃/],
    ] as const) {
      await page.getByRole('button', { name: button }).first().click();
      await page.waitForTimeout(400);
      await check(name, page);
      await page.keyboard.press('Escape');
    }

    await page.keyboard.press('Control+k');
    await page.getByRole('option').first().waitFor();
    await check('switcher', page);
    await page.keyboard.press('Escape');

    await page.getByRole('button', { name: /이웃 님 메뉴|Menu for 이웃/ }).click();
    await page.getByRole('menuitem', { name: /1:1 대화하기|Message/ }).click();
    await page.getByRole('heading', { name: '이웃', exact: true }).waitFor();
    await page.getByRole('button', { name: /방 정보|Room details/ }).click();
    await check('direct details', page);
    await page.getByRole('button', { name: /^(차단|Block)$/ }).click();
    await check('block question', page);
    await page
      .getByRole('alertdialog')
      .getByRole('button', { name: /^(차단|Block)$/ })
      .click();
    await page.getByText(/이웃 님을 차단했습니다|You blocked 이웃/).waitFor();
    // The focus is back at a button, which shows its tooltip.
    await page.keyboard.press('Escape');
    await check('blocked', page);
    await page.getByRole('button', { name: /내 메뉴|Your menu/ }).click();
    await page.getByRole('menuitem', { name: /차단한 사람|Blocked people/ }).click();
    await page.getByRole('button', { name: /이웃 님 차단 풀기|Unblock 이웃/ }).waitFor();
    await check('blocked people', page);
    await page.keyboard.press('Escape');

    await page.goto(`${server.url}/#/r/nowhere`);
    await page.getByText(/방을 찾을 수 없습니다|can't be found/).waitFor();
    await check('no such room', page);

    expect(Object.fromEntries(Object.entries(checked).filter(([, found]) => found.length > 0))).toEqual({});
    expect(one.problems).toEqual([]);
  });

  test('on a page where much fails, and on one that can not start', { timeout: 60_000 }, async () => {
    await using one = await enter(browser, server.url, `탈 ${language} ${theme}`, { language, theme });
    const { page } = one;
    await page.addInitScript(() => {
      Object.defineProperty(globalThis, 'indexedDB', {
        get: () => {
          throw new DOMException('Access is denied', 'SecurityError');
        },
      });
    });
    await page.route('**/assets/conversation-*.js*', (route) => route.abort());
    await page.reload();
    await page.getByText(/저장할 수 없습니다|can't be saved/).waitFor();
    await page.getByText(/이 부분을 불러오지 못했습니다|could not be loaded/).waitFor();
    const html = await (await fetch(server.url)).text();
    const body = html.replace(/(name="madang-version" content=")[^"]+/, '$1another');
    await page.route(`${server.url}/`, (route) => route.fulfill({ contentType: 'text/html', body }));
    await page.context().setOffline(true);
    await page.getByText(/인터넷에 연결되어 있지 않습니다|You are offline/).waitFor();
    await page.context().setOffline(false);
    await page.getByText(/새 버전이 나왔습니다|A new version/).waitFor();
    const checked: Record<string, string[]> = { failing: await violations(page, rules) };

    await page.route('**/assets/*.js*', (route) => route.abort());
    await page.reload();
    await page.evaluate(() => {
      for (const animation of document.getAnimations()) animation.finish();
    });
    await page.getByText('Madang could not start').waitFor();
    checked['not started'] = await violations(page, rules);
    expect(Object.fromEntries(Object.entries(checked).filter(([, found]) => found.length > 0))).toEqual({});
  });

  test('on a phone', { timeout: 60_000 }, async () => {
    await using one = await enter(browser, server.url, `폰 ${language} ${theme}`, { language, theme, isPhone: true });
    const { page } = one;
    const checked: Record<string, string[]> = { list: await violations(page, rules) };
    await page.getByRole('link', { name: /lobby/ }).click();
    await page.locator('#composer').waitFor();
    await page.getByRole('article').first().waitFor();
    checked['conversation'] = await violations(page, rules);
    await page.getByRole('button', { name: /참여자 보기|Show people/ }).click();
    checked['people'] = await violations(page, rules);
    await page.goto(server.url);
    await page.evaluate(() => fetch('api/rooms/lobby/leave', { method: 'POST' }));
    await page.getByText(/아직 들어간 방이 없습니다|haven't joined a room/).waitFor();
    checked['no rooms'] = await violations(page, rules);
    expect(Object.fromEntries(Object.entries(checked).filter(([, found]) => found.length > 0))).toEqual({});
  });
});
