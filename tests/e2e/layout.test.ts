import type { Page } from 'playwright-core';
import { beforeAll, expect, test } from 'vitest';
import { startRestGuest } from '../support/rest-guest.ts';
import type { Visitor } from '../support/visitor.ts';
import { useWeb } from '../support/web.ts';

const web = useWeb();
const LONG_NAME = '이름이 길어서 목록의 한 줄에 다 들어가지 않는 방이고 더 길어질 수도 있습니다';

let one: Visitor;

beforeAll(async () => {
  const other = await startRestGuest(web.url, '이웃');
  for (let n = 0; n < 24; n += 1) {
    await other.say(n % 8 === 4 ? Array.from({ length: 14 }, (_, line) => `긴 말 ${line}`).join('\n') : `말 ${n}`);
  }
  one = await web.enterToStay('보는이');
  await one.page.getByRole('article').last().waitFor();
});

/** What of the page covers or cuts an element, at its corners and in its middle; undefined if it is whole. */
function hiddenBy(page: Page, selector: string): Promise<string | undefined> {
  return page
    .locator(selector)
    .first()
    .evaluate((element) => {
      const { left, right, top, bottom } = element.getBoundingClientRect();
      const [x, y] = [(left + right) / 2, (top + bottom) / 2];
      for (const [px, py] of [
        [left + 3, y],
        [right - 3, y],
        [x, top + 3],
        [x, bottom - 3],
        [x, y],
      ] as const) {
        const found = document.elementFromPoint(px, py);
        if (!found || !element.contains(found))
          return `${Math.round(px)},${Math.round(py)}: ${found?.outerHTML.slice(0, 80)}`;
      }
      return undefined;
    });
}

test('the actions of a message are whole, wherever its row is and however long', async () => {
  const { page } = one;
  const log = (await page.getByRole('log').boundingBox()) ?? { x: 0, y: 0, width: 0, height: 0 };
  const x = log.x + log.width / 2;
  const check = async (y: number) => {
    await page.mouse.move(x - 1, y);
    await page.mouse.move(x, y);
    await page.getByRole('toolbar').first().waitFor();
    expect(await hiddenBy(page, '[role=toolbar]'), `at ${y}`).toBe(undefined);
  };
  await page.mouse.move(x, log.y + 300);
  for (let turn = 0; turn < 4; turn += 1) {
    for (const y of [log.y + 6, log.y + 40, log.y + log.height / 2, log.y + log.height - 30]) await check(y);
    const before = await page.getByRole('log').evaluate((list) => list.scrollTop);
    await page.mouse.wheel(0, -170);
    await expect
      .poll(() => page.getByRole('log').evaluate((list) => list.scrollTop))
      .not.toBe(before)
      .catch(() => {});
  }
  await page.mouse.move(2, 2);
});

test('a menu and the emoji are whole at 400 % zoom, and nothing is wider than the page', async () => {
  const { page } = one;
  await page.setViewportSize({ width: 320, height: 256 });
  const overflow = () => page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  await page.getByRole('button', { name: '이모지 넣기' }).click();
  await page.getByRole('gridcell').first().waitFor();
  expect(await hiddenBy(page, '[role=dialog]')).toBe(undefined);
  const last = page.getByRole('row').first().getByRole('gridcell').last();
  const cell = await last.boundingBox();
  expect((cell?.x ?? 0) + (cell?.width ?? 0)).toBeLessThan(312);
  await page.keyboard.press('Escape');
  await page.getByRole('article').last().hover();
  await page.getByRole('toolbar').waitFor();
  expect(await hiddenBy(page, '[role=toolbar]')).toBe(undefined);
  expect(await overflow()).toBe(0);
  await page.mouse.move(2, 2);
  await page.getByRole('button', { name: '방 목록으로' }).click();
  await page.getByRole('button', { name: /내 메뉴/ }).click();
  await page.getByRole('menuitem').first().waitFor();
  expect(await hiddenBy(page, '[role=menu]')).toBe(undefined);
  expect(await overflow()).toBe(0);
  await page.keyboard.press('Escape');
  await page.setViewportSize({ width: 1280, height: 800 });
  await page.locator('#composer').waitFor();
});

test('a name that is cut has its full text on hover', async () => {
  const { page } = one;
  await page.evaluate(
    (name) =>
      fetch('api/rooms', {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ name }),
      }),
    LONG_NAME,
  );
  await page.getByRole('link', { name: LONG_NAME }).click();
  await page.getByRole('heading', { name: LONG_NAME, exact: true }).waitFor();
  await page.setViewportSize({ width: 720, height: 800 });
  const cut = () =>
    page.evaluate(() =>
      [...document.querySelectorAll<HTMLElement>('body *')]
        .filter((each) => getComputedStyle(each).textOverflow === 'ellipsis' && each.scrollWidth > each.clientWidth)
        .map((each) => [each.textContent, each.title]),
    );
  await expect.poll(async () => (await cut()).length).toBeGreaterThan(1);
  for (const [text, title] of await cut()) expect(title).toBe(text);
  await page.setViewportSize({ width: 1280, height: 800 });
  await page.getByRole('link', { name: /lobby/ }).click();
  await page.getByRole('article').last().waitFor();
});

test('on paper there is the whole conversation, and nothing to press', async () => {
  const { page } = one;
  await page.emulateMedia({ media: 'print' });
  await expect.poll(() => page.getByRole('article').count()).toBe(24);
  expect(await page.locator('button:visible, textarea:visible, nav:visible, [role=toolbar]:visible').count()).toBe(0);
  const tops = await page
    .getByRole('article')
    .evaluateAll((rows) => rows.map((row) => row.getBoundingClientRect().top));
  expect(tops).toEqual(tops.toSorted((a, b) => a - b));
  expect(new Set(tops).size).toBe(24);
  await page.emulateMedia({ media: 'screen' });
});

test('what is chosen is seen in forced colours', async () => {
  const { page } = one;
  await page.emulateMedia({ forcedColors: 'active' });
  const [chosen, other] = await page.evaluate(() =>
    ['a[aria-current]', 'a[data-room]:not([aria-current])'].map(
      (selector) => getComputedStyle(document.querySelector(selector) as Element).backgroundColor,
    ),
  );
  expect(chosen).not.toBe(other);
  await page.emulateMedia({ forcedColors: 'none' });
});

test('times are as the region writes them', async () => {
  const context = await web.browser.newContext({ locale: 'en-GB' });
  const page = await context.newPage();
  await page.request.post(`${web.url}/api/session`, { headers: { Origin: web.url }, data: { name: 'Clock' } });
  await page.goto(`${web.url}/#/r/lobby`);
  expect(await page.locator('article time').last().innerText()).toMatch(/^\d{1,2}:\d\d$/);
  await context.close();
});

test('a browser without scripts is told so, in both languages', async () => {
  const context = await web.browser.newContext({ javaScriptEnabled: false });
  const page = await context.newPage();
  await page.goto(web.url);
  const words = await page.locator('body').innerText();
  expect(words).toMatch(/자바스크립트를 켠 뒤/);
  expect(words).toMatch(/turn it on in your browser/);
  await context.close();
});
