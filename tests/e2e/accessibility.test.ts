import type { Page } from 'playwright-core';
import { beforeAll, describe, expect, test } from 'vitest';
import { violations, violationsAsShown } from '../support/axe.ts';
import { startRestGuest } from '../support/rest-guest.ts';
import { messageOf, say } from '../support/visitor.ts';
import { useWeb } from '../support/web.ts';

const web = useWeb();

beforeAll(async () => {
  const other = await startRestGuest(web.url, '이웃');
  await other.call('POST', '/rooms', { name: '이웃 모임', topic: '동네 이야기' });
  await other.say('인사드립니다 https://example.com/hello');
  await other.say('> 인용\n\n- 하나\n- 둘\n\n`코드`와 ~~취소선~~\n\n```\n코드 블록\n```');
});

test('axe finds faults: all kinds in the theme shown, contrast in the other theme', async () => {
  const page = await web.browser.newPage();
  const paper = 'color-scheme: light dark; background: light-dark(#fff, #000)';
  await page.setContent(`<!doctype html><html lang="en" style="${paper}"><title>A page</title><main><h1>Words</h1>
    <p style="color: light-dark(#ddd, #fff)">pale</p><p style="color: light-dark(#000, #222)">dim</p>
    <button></button></main></html>`);
  const found = await violations(page, 'light');
  expect(found.map((each) => each.split(': ').slice(0, 2).join(': '))).toEqual([
    'dark: color-contrast',
    'light: button-name',
    'light: color-contrast',
  ]);
  expect(found[0]).toContain('dim');
  expect(found[2]).toContain('pale');
  await page.close();
});

/**
 * Each language and each theme with all rules once, on every screen. The other combinations have the same words in colours
 * that were checked behind other words.
 */
const cases = [
  ['ko', 'light'],
  ['en', 'dark'],
] as const;

describe.each(cases)('axe finds nothing, by all rules, in %s and %s', (language, theme) => {
  const options = { language, theme };

  test('on the screens of a desktop', { timeout: 120_000 }, async () => {
    const checked: Record<string, string[]> = {};
    const check = async (name: string, page: Page) => (checked[name] = await violationsAsShown(page, theme));

    await using one = await web.visit(options);
    const { page } = one;
    const enterButton = page.getByRole('button', { name: /들어가기|Start chatting/ });
    await enterButton.waitFor();
    await check('gate', page);
    await enterButton.click();
    await page.getByText(/이름을 입력해 주세요|enter a name/i).waitFor();
    await check('gate with an error', page);

    await page.getByRole('textbox').fill(`${language} ${theme}`);
    await enterButton.click();
    await say(page, '내 말');
    await page.locator('article[data-delivery="sent"]', { hasText: '내 말' }).last().waitFor();
    await messageOf(page, '내 말').hover();
    await messageOf(page, '내 말').getByRole('button', { name: /👍/ }).click();
    await messageOf(page, '내 말').getByRole('button', { name: /👍 1/ }).waitFor();
    await check('conversation', page);

    await page.locator('#composer').press('ArrowUp');
    await page.getByLabel(/메시지 수정|Edit message/).waitFor();
    await check('editing', page);
    await page.keyboard.press('Escape');

    await messageOf(page, '내 말').hover();
    await messageOf(page, '내 말')
      .getByRole('button', { name: /^(삭제|Delete)$/ })
      .click();
    await page.getByRole('alertdialog').waitFor();
    await check('delete question', page);
    await page.keyboard.press('Escape');

    const dialog = page.getByRole('dialog');
    for (const [name, button, content] of [
      ['browse', /방 둘러보기|Browse rooms/, dialog.getByRole('button', { name: /이웃 모임/ })],
      ['create', /새 방 만들기|Create a room/, dialog.getByRole('textbox').first()],
      ['details', /방 정보|Room details/, dialog.getByRole('button', { name: /나가기|Leave/ })],
      ['invite', /^(초대|Invite)$/, dialog.locator('[aria-busy=false]')],
      ['emoji', /이모지 넣기|Insert emoji/, dialog.getByRole('gridcell').first()],
      ['user menu', /내 메뉴|Your menu/, page.getByRole('menuitem').first()],
      ['member menu', /이웃 님 메뉴|Menu for 이웃/, page.getByRole('menuitem').first()],
    ] as const) {
      await page.getByRole('button', { name: button }).first().click();
      await content.waitFor();
      await check(name, page);
      await page.keyboard.press('Escape');
      await content.waitFor({ state: 'detached' });
    }

    await page.keyboard.press('Control+k');
    await page.getByRole('option').first().waitFor();
    await check('palette', page);
    await page.keyboard.press('Escape');
    await page.keyboard.press('Control+,');
    await page.getByRole('radio').first().waitFor();
    await check('settings', page);
    await page.keyboard.press('Escape');

    await page.getByRole('button', { name: /이웃 님 메뉴|Menu for 이웃/ }).click();
    await page.getByRole('menuitem', { name: /1:1 대화하기|Message/ }).click();
    await page.getByRole('heading', { name: '이웃', exact: true }).waitFor();
    await page.getByRole('button', { name: /방 정보|Room details/ }).click();
    await dialog.getByRole('button', { name: /^(차단|Block)$/ }).waitFor();
    await check('direct details', page);
    await page.getByRole('button', { name: /^(차단|Block)$/ }).click();
    await page.getByRole('alertdialog').waitFor();
    await check('block question', page);
    await page
      .getByRole('alertdialog')
      .getByRole('button', { name: /^(차단|Block)$/ })
      .click();
    await page.getByText(/이웃 님을 차단했습니다|You blocked 이웃/).waitFor();
    // The focus is back on a button, which shows its tooltip.
    await page.keyboard.press('Escape');
    await check('blocked', page);
    await page.getByRole('button', { name: /내 메뉴|Your menu/ }).click();
    await page.getByRole('menuitem', { name: /차단한 사람|Blocked people/ }).click();
    await page.getByRole('button', { name: /이웃 님 차단 풀기|Unblock 이웃/ }).waitFor();
    await check('blocked people', page);
    await page.keyboard.press('Escape');

    await page.goto(`${web.url}/#/r/nowhere`);
    await page.getByText(/방을 찾을 수 없습니다|can't be found/).waitFor();
    await check('no such room', page);

    expect(Object.fromEntries(Object.entries(checked).filter(([, found]) => found.length > 0))).toEqual({});
    expect(one.problems).toEqual([]);
  });

  test('on a page where much fails, and on one that cannot start', { timeout: 60_000 }, async () => {
    await using one = await web.enter(`탈 ${language} ${theme}`, options);
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
    const html = await (await fetch(web.url)).text();
    const body = html.replace(/(name="madang-version" content=")[^"]+/, '$1another');
    await page.route(`${web.url}/`, (route) => route.fulfill({ contentType: 'text/html', body }));
    await page.context().setOffline(true);
    await page.getByText(/인터넷에 연결되어 있지 않습니다|You are offline/).waitFor();
    await page.context().setOffline(false);
    await page.getByText(/새 버전이 나왔습니다|A new version/).waitFor();
    // The part that was requested in vain now says the same.
    await page.getByText(/새로 고치면 이 부분이 보입니다|Reload the page to see this part/).waitFor();
    const checked: Record<string, string[]> = { failing: await violationsAsShown(page, theme) };

    await page.route('**/assets/*.js*', (route) => route.abort());
    await page.reload();
    await page.evaluate(() => {
      for (const animation of document.getAnimations()) animation.finish();
    });
    await page.getByText('Madang could not start').waitFor();
    checked['not started'] = await violationsAsShown(page, theme);
    expect(Object.fromEntries(Object.entries(checked).filter(([, found]) => found.length > 0))).toEqual({});
  });

  test('on a phone', { timeout: 60_000 }, async () => {
    await using one = await web.enter(`폰 ${language} ${theme}`, { ...options, isPhone: true });
    const { page } = one;
    const checked: Record<string, string[]> = { list: await violationsAsShown(page, theme) };
    await page.getByRole('link', { name: /lobby/ }).click();
    await page.locator('#composer').waitFor();
    await page.getByRole('article').first().waitFor();
    checked['conversation'] = await violationsAsShown(page, theme);
    await page.getByRole('button', { name: /참여자 보기|Show people/ }).click();
    await page.getByRole('complementary').getByText('이웃').first().waitFor();
    checked['people'] = await violationsAsShown(page, theme);
    // Not its bare address, which opens the last room.
    await page.goto(`${web.url}/#/`);
    await page.evaluate(() => fetch('api/rooms/lobby/leave', { method: 'POST' }));
    await page.getByText(/아직 들어간 방이 없습니다|haven't joined a room/).waitFor();
    checked['no rooms'] = await violationsAsShown(page, theme);
    expect(Object.fromEntries(Object.entries(checked).filter(([, found]) => found.length > 0))).toEqual({});
  });
});
