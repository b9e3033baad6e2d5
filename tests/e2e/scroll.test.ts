import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startBrowser } from '../support/browser.ts';
import { speaker, type Speaker } from '../support/speak.ts';
import { startServer, type TestServer } from '../support/start-server.ts';
import { enter, messageOf, say } from '../support/visitor.ts';

const MESSAGES = 240;

let server: TestServer;
let browser: Browser;
let other: Speaker;

beforeAll(async () => {
  [server, browser] = await Promise.all([startServer({ flags: ['--limits', 'off'] }), startBrowser()]);
  other = await speaker(server.url, '이야기꾼');
  for (let index = 1; index <= MESSAGES; index++) {
    const more = index % 7 === 0 ? '\n둘째 줄\n셋째 줄' : index % 5 === 0 ? ' 긴 말'.repeat(60) : '';
    await other.say(`이야기 ${index}.${more}`);
  }
}, 60_000);

afterAll(async () => {
  await browser?.close();
  await server?.[Symbol.asyncDispose]();
});

test('older messages come above without moving what is read by a pixel', async () => {
  await using one = await enter(browser, server.url, '독자');
  const { page } = one;
  await messageOf(page, `이야기 ${MESSAGES}.`).waitFor();
  await watchJumps(page);
  await wheelUpUntil(page, /이야기 1\./);
  const { jumps, pages } = await page.evaluate(() => (globalThis as unknown as { watched: Watched }).watched);
  expect(pages).toBeGreaterThanOrEqual(3);
  expect(jumps).toEqual([]);
  await page.getByText('lobby 방의 시작입니다').waitFor();
  const shown = await page.getByRole('article').allTextContents();
  expect(new Set(shown).size).toBe(shown.length);
}, 90_000);

test('whoever reads further up is left there, is told how much came, and goes to the newest with one press', async () => {
  await using one = await enter(browser, server.url, '위에서');
  const { page } = one;
  await messageOf(page, `이야기 ${MESSAGES}.`).waitFor();
  await page.getByRole('log').hover();
  await page.mouse.wheel(0, -1500);
  await page.getByRole('button', { name: '최신 메시지로' }).waitFor();
  await page.waitForTimeout(500);
  const before = await topOfSight(page);
  await other.say('새 소식 하나');
  await other.say('새 소식 둘');
  await page.getByRole('button', { name: '새 메시지 2개' }).waitFor();
  expect(await topOfSight(page)).toEqual(before);
  await page.getByRole('button', { name: '새 메시지 2개' }).click();
  await messageOf(page, '새 소식 둘').waitFor();
  await page.getByRole('button', { name: /새 메시지|최신/ }).waitFor({ state: 'detached' });
});

test('at the bottom it follows; an own message brings it there', async () => {
  await using one = await enter(browser, server.url, '아래에서');
  const { page } = one;
  await messageOf(page, '새 소식')
    .or(messageOf(page, `이야기 ${MESSAGES}.`))
    .first()
    .waitFor();
  for (let index = 0; index < 8; index++) await other.say(`따라오기 ${index}\n둘째 줄`);
  await messageOf(page, '따라오기 7').waitFor();
  await expect.poll(() => distanceFromEnd(page)).toBeLessThan(2);
  await page.getByRole('log').hover();
  await page.mouse.wheel(0, -1200);
  await page.getByRole('button', { name: '최신 메시지로' }).waitFor();
  await say(page, '내가 한 말');
  await messageOf(page, '내가 한 말').waitFor();
  await expect.poll(() => distanceFromEnd(page)).toBeLessThan(2);
});

interface Watched {
  jumps: string[];
  pages: number;
}

/**
 * Watches every frame: a row that is in sight may move only by as much as the list was scrolled by the wheel. A page
 * that comes above changes the scroll position too, so what is compared is the place on the screen of the row nearest to
 * the middle from just before rows were put in to just after.
 */
async function watchJumps(page: Page): Promise<void> {
  await page.evaluate(() => {
    const log = document.querySelector('[role=log]') as HTMLElement;
    const watched: Watched = { jumps: [], pages: 0 };
    Object.assign(globalThis, { watched });
    const middleRow = () => {
      const box = log.getBoundingClientRect();
      const rows = [...log.querySelectorAll<HTMLElement>('article')];
      return rows.find((row) => row.getBoundingClientRect().top > box.top + box.height / 3);
    };
    let height = log.scrollHeight;
    let row: HTMLElement | undefined;
    let top = 0;
    let wheeled = 0;
    log.addEventListener('wheel', () => (wheeled = performance.now()), { passive: true });
    const frame = () => {
      const grown = log.scrollHeight - height;
      if (grown > 1000) {
        watched.pages++;
        // The wheel's own movement is over: what moved the row now was the new page.
        if (row?.isConnected && performance.now() - wheeled > 300) {
          const moved = row.getBoundingClientRect().top - top;
          if (Math.abs(moved) > 1) watched.jumps.push(`${moved}px at ${row.textContent?.slice(0, 20)}`);
        }
      }
      height = log.scrollHeight;
      row = middleRow();
      top = row?.getBoundingClientRect().top ?? 0;
      requestAnimationFrame(frame);
    };
    requestAnimationFrame(frame);
  });
  // Answers come when the wheel is at rest, so that a movement can't be taken for a jump.
  await page.routeWebSocket(/nothing/, () => {});
}

async function wheelUpUntil(page: Page, text: RegExp): Promise<void> {
  await page.getByRole('log').hover();
  for (let turn = 0; turn < 60; turn++) {
    if (await page.getByRole('article').filter({ hasText: text }).count()) return;
    await page.mouse.wheel(0, -1400);
    await page.waitForTimeout(250);
  }
  throw new Error('The beginning was not reached');
}

/** The first row that is wholly in sight, and where it stands. */
async function topOfSight(page: Page): Promise<[string, number]> {
  return page.evaluate(() => {
    const log = document.querySelector('[role=log]') as HTMLElement;
    const { top } = log.getBoundingClientRect();
    const row = [...log.querySelectorAll('article')].find((each) => each.getBoundingClientRect().top >= top);
    return [row?.textContent ?? '', Math.round(row?.getBoundingClientRect().top ?? 0)];
  });
}

async function distanceFromEnd(page: Page): Promise<number> {
  return page.getByRole('log').evaluate((log) => log.scrollHeight - log.scrollTop - log.clientHeight);
}
