import type { Page } from 'playwright-core';
import { beforeAll, expect, test } from 'vitest';
import { type RestGuest, startRestGuest } from '../support/rest-guest.ts';
import { delayPages, distanceFromEnd, topOfSight, watchFrames, wheelUntil } from '../support/scrolling.ts';
import { messageOf, say, type Visitor, type VisitorOptions } from '../support/visitor.ts';
import { useWeb } from '../support/web.ts';

/** Messages in the room, and how many of them the readers have read. */
const MESSAGES = 300;
const READ = 100;

const people = {
  desktop: { language: 'ko' },
  phone: { language: 'en', isPhone: true },
  scroller: { language: 'ko' },
  jumper: { language: 'en', theme: 'dark' },
} satisfies Record<string, VisitorOptions>;

const words = {
  ko: { divider: '여기부터 안 읽은 메시지', from: /안 읽은 메시지 100개 이상/, jump: '새 메시지 100개 이상' },
  en: { divider: 'New messages', from: /100 or more unread messages/, jump: '100 or more new messages' },
};

const web = useWeb({ flags: ['--limits', 'off'] });
const visitors = new Map<string, Visitor>();
let other: RestGuest;
let room: string;

beforeAll(async () => {
  other = await startRestGuest(web.url, '이야기꾼');
  room = (await other.call<{ room: { id: string } }>('POST', '/rooms', { name: '긴 방' })).room.id;
  await Promise.all(
    Object.entries(people).map(async ([name, options]) => {
      const one = await web.enterToStay(name, options);
      await call(one.page, `/rooms/${room}/join`, {});
      visitors.set(name, one);
    }),
  );
  const texts = Array.from({ length: MESSAGES }, (_, at) => {
    const more = (at + 1) % 7 === 0 ? '\n둘째 줄\n셋째 줄' : (at + 1) % 5 === 0 ? ' 긴 말'.repeat(60) : '';
    return `이야기 ${at + 1}.${more}`;
  });
  const seqs = await other.sayAll(texts, room);
  for (const { page } of visitors.values()) await call(page, `/rooms/${room}/read`, { seq: seqs[READ - 1] });
}, 90_000);

test.each(['desktop', 'phone'] as const)('a room opens at its first unread message, and says so (%s)', async (who) => {
  const { page, problems } = await open(who);
  const { divider, from, jump } = words[people[who].language];
  await isAtFirstUnread(page, divider);
  await page.getByRole('separator', { name: divider }).waitFor();
  expect(await page.getByRole('status').filter({ hasText: from }).count()).toBe(1);
  await page.getByRole('button', { name: jump }).waitFor();
  // What is below was not seen: after a while, a reload, or going away and back, it still is not read.
  await page.waitForTimeout(800);
  await page.reload();
  await isAtFirstUnread(page, divider, { atMost: 20 });
  await page.evaluate(() => (location.hash = '#/r/lobby'));
  await page.getByRole('heading', { name: 'lobby' }).first().waitFor();
  await page.goBack();
  await isAtFirstUnread(page, divider, { atMost: 40 });
  expect(problems).toEqual([]);
});

test('wheeling down reads on, page after page, without a jump, until it follows the end', async () => {
  const { page } = await open('scroller', (each) => delayPages(each, 450));
  await isAtFirstUnread(page, words.ko.divider);
  await watchFrames(page, 'down');
  const { jumps, lost, pages } = await wheelUntil(page, 'down', new RegExp(`이야기 ${MESSAGES}\\.`));
  expect(jumps).toEqual([]);
  expect(lost).toBe(0);
  expect(pages).toBeGreaterThanOrEqual(3);
  // The end was reached by itself: nothing is left unread, and what is said now is followed.
  await page.mouse.wheel(0, 3000);
  await expect.poll(() => distanceFromEnd(page)).toBeLessThan(2);
  await page.getByRole('link', { name: /긴 방.*안 읽은/ }).waitFor({ state: 'detached' });
  await other.say('그다음 이야기', room);
  await messageOf(page, '그다음 이야기').waitFor();
  await expect.poll(() => distanceFromEnd(page)).toBeLessThan(2);
  expect(await page.getByRole('button', { name: /새 메시지/ }).count()).toBe(0);
  const shown = await page.getByRole('article').allTextContents();
  expect(new Set(shown).size).toBe(shown.length);
}, 90_000);

test('pages above and below move nothing; the button leads to the end, and so does what one sends', async () => {
  const { page } = await open('jumper');
  await isAtFirstUnread(page, words.en.divider);
  await watchFrames(page, 'up');
  const { jumps, lost } = await wheelUntil(page, 'up', /이야기 40\./);
  expect(jumps).toEqual([]);
  expect(lost).toBe(0);
  const before = await topOfSight(page);
  await other.say('멀리서 온 말', room);
  await page.waitForTimeout(300);
  expect(await topOfSight(page)).toEqual(before);
  expect(await messageOf(page, '멀리서 온 말').count()).toBe(0);
  await page.getByRole('button', { name: words.en.jump }).click();
  await messageOf(page, '멀리서 온 말').waitFor();
  await expect.poll(() => distanceFromEnd(page)).toBeLessThan(2);
  expect(await page.getByText(words.en.divider).count()).toBe(0);
  await page.getByRole('button', { name: /new message|newest/i }).waitFor({ state: 'detached' });
  await page.getByRole('link', { name: /긴 방.*unread/ }).waitFor({ state: 'detached' });
});

test('what one sends from among old messages shows where it stands: at the end', async () => {
  const { page } = await open('desktop');
  await say(page, '저도 왔어요');
  await messageOf(page, '저도 왔어요').waitFor();
  await expect.poll(() => distanceFromEnd(page)).toBeLessThan(2);
  const texts = await page.getByRole('article').allTextContents();
  expect(texts.findLastIndex((text) => text.includes('저도 왔어요'))).toBe(texts.length - 1);
  expect(texts.some((text) => text.includes(`이야기 ${MESSAGES}.`))).toBe(true);
});

/** Opens the long room. */
async function open(who: keyof typeof people, before?: (page: Page) => Promise<void>): Promise<Visitor> {
  const one = visitors.get(who)!;
  await before?.(one.page);
  await one.page.goto(`${web.url}/#/r/${room}`);
  await one.page.reload();
  await one.page.locator('#composer').waitFor();
  return one;
}

/** The divider stands at the top of the list, and the first unread message below it; what was seen since may be read. */
async function isAtFirstUnread(page: Page, divider: string, { atMost = 0 } = {}): Promise<void> {
  const line = page.getByRole('separator', { name: divider });
  await line.waitFor();
  const log = page.getByRole('log');
  await expect
    .poll(async () => ((await line.boundingBox())?.y ?? -1) - ((await log.boundingBox())?.y ?? 0))
    .toBeLessThan(40);
  const next = await line.evaluate((element) => element.closest('[data-index]')?.nextElementSibling?.textContent ?? '');
  const index = Number(/이야기 (\d+)\./.exec(next)?.[1]);
  expect(index).toBeGreaterThan(READ);
  expect(index).toBeLessThanOrEqual(READ + 1 + atMost);
}

async function call(page: Page, path: string, data: object): Promise<void> {
  const { origin } = new URL(web.url);
  const answer = await page.request.post(`${web.url}/api${path}`, { headers: { Origin: origin }, data });
  if (!answer.ok()) throw new Error(`${path}: ${answer.status()} ${await answer.text()}`);
}
