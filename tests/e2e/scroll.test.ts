import type { Page } from 'playwright-core';
import { beforeAll, expect, test } from 'vitest';
import { type RestGuest, startRestGuest } from '../support/rest-guest.ts';
import { messageOf, say } from '../support/visitor.ts';
import { useWeb } from '../support/web.ts';

const MESSAGES = 240;

/** One turn of the wheel. */
const WHEEL_PX = 300;

const web = useWeb({ flags: ['--limits', 'off'] });
let other: RestGuest;

beforeAll(async () => {
  other = await startRestGuest(web.url, '이야기꾼');
  for (let index = 1; index <= MESSAGES; index++) {
    const more = index % 7 === 0 ? '\n둘째 줄\n셋째 줄' : index % 5 === 0 ? ' 긴 말'.repeat(60) : '';
    await other.say(`이야기 ${index}.${more}`);
  }
}, 60_000);

test('older messages that load late move nothing on screen, in any frame, at rest or while scrolling', async () => {
  await using one = await web.enter('독자');
  const { page } = one;
  await delayOlder(page, 450);
  await page.reload();
  await messageOf(page, `이야기 ${MESSAGES}.`).waitFor();
  await watchFrames(page);
  await wheelUpUntil(page, /이야기 1\./);
  const { jumps, pages, atRest } = await page.evaluate(() => {
    const { settle: _, ...seen } = (globalThis as unknown as { watched: Watched }).watched;
    return seen;
  });
  expect(jumps).toEqual([]);
  expect(pages).toBeGreaterThanOrEqual(3);
  expect(atRest).toBeGreaterThanOrEqual(1);
  await page.getByText('lobby 방의 시작입니다').waitFor();
  const shown = await page.getByRole('article').allTextContents();
  expect(new Set(shown).size).toBe(shown.length);
}, 90_000);

test('a user who reads further up stays there, sees how much has arrived, and jumps to the newest with one press', async () => {
  await using one = await web.enter('위에서');
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

test('at the bottom it follows; sending a message scrolls there', async () => {
  await using one = await web.enter('아래에서');
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
  /** Movements of visible rows that the wheel did not cause. */
  jumps: string[];
  /** Pages that arrived, and how many of them while the list was at rest. */
  pages: number;
  atRest: number;
  /** At rest: by now wheel and movement must agree. */
  settle: () => void;
}

/**
 * Delays each answer with older messages, as a slow network does. They come over the WebSocket, each in its own time.
 */
async function delayOlder(page: Page, ms: number): Promise<void> {
  await page.routeWebSocket(/socket\.io/, (ws) => {
    const upstream = ws.connectToServer();
    const late = new Set<string>();
    ws.onMessage((frame) => {
      const call = /^42(\d+)\["message\.list",.*"before":/.exec(String(frame));
      if (call?.[1] !== undefined) late.add(`43${call[1]}[`);
      upstream.send(frame);
    });
    upstream.onMessage((frame) => {
      const start = /^43\d+\[/.exec(String(frame))?.[0] ?? '';
      if (late.delete(start)) setTimeout(() => ws.send(frame), ms);
      else ws.send(frame);
    });
  });
}

/**
 * Watches every frame: visible rows move down by as much as was wheeled up, all by the same distance and never up,
 * whatever is inserted above them. A movement and its wheel event may be a frame apart; `settle` checks that they agree
 * at rest.
 */
async function watchFrames(page: Page): Promise<void> {
  await page.evaluate((wheelPx) => {
    const log = document.querySelector('[role=log]') as HTMLElement;
    const watched: Watched = { jumps: [], pages: 0, atRest: 0, settle: () => {} };
    Object.assign(globalThis, { watched });
    const tops = () => {
      const box = log.getBoundingClientRect();
      const rows = new Map<string, number>();
      for (const row of log.querySelectorAll<HTMLElement>('article[data-message]')) {
        const { top, bottom } = row.getBoundingClientRect();
        if (bottom > box.top && top < box.bottom) rows.set(row.dataset['message'] as string, top);
      }
      return rows;
    };
    let before = tops();
    let height = log.scrollHeight;
    let wheeledAt = 0;
    let owed = 0;
    log.addEventListener(
      'wheel',
      ({ deltaY }) => {
        wheeledAt = performance.now();
        owed -= deltaY;
      },
      { passive: true },
    );
    watched.settle = () => {
      if (Math.abs(owed) > 1) watched.jumps.push(`${-owed} px more than was wheeled`);
      owed = 0;
    };
    const frame = () => {
      const now = tops();
      const moves = [...now].flatMap(([key, top]) => (before.has(key) ? [top - (before.get(key) as number)] : []));
      if (moves.length > 0) {
        const least = Math.min(...moves);
        const most = Math.max(...moves);
        owed -= most;
        if (most - least > 1 || least < -1 || owed < -wheelPx - 1) watched.jumps.push(`${least} to ${most} px`);
      }
      // At the top of what is loaded, the wheel moves nothing.
      if (log.scrollTop <= 0) owed = Math.min(owed, 0);
      if (log.scrollHeight - height > 1000) {
        watched.pages += 1;
        if (performance.now() - wheeledAt > 300) watched.atRest += 1;
      }
      before = now;
      height = log.scrollHeight;
      requestAnimationFrame(frame);
    };
    requestAnimationFrame(frame);
  }, WHEEL_PX);
}

/** Turns the wheel a few times, rests for longer than a page takes, and repeats that. */
async function wheelUpUntil(page: Page, text: RegExp): Promise<void> {
  await page.getByRole('log').hover();
  for (let turn = 1; turn < 200; turn++) {
    if (await page.getByRole('article').filter({ hasText: text }).count()) return;
    await page.mouse.wheel(0, -WHEEL_PX);
    const isRest = turn % 5 === 0;
    // Each turn has its own frame: several at once would leave no row visible to compare.
    await page.evaluate(() => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve))));
    if (isRest) await page.waitForTimeout(900);
    if (isRest) await page.evaluate(() => (globalThis as unknown as { watched: Watched }).watched.settle());
  }
  throw new Error('The beginning was not reached');
}

/** The first row that is entirely visible, and its position. */
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
