import { beforeAll, expect, test } from 'vitest';
import { type RestGuest, startRestGuest } from '../support/rest-guest.ts';
import { delayPages, distanceFromEnd, topOfSight, watchFrames, wheelUntil } from '../support/scrolling.ts';
import { messageOf, say } from '../support/visitor.ts';
import { useWeb } from '../support/web.ts';

const MESSAGES = 240;

const web = useWeb({ flags: ['--limits', 'off'] });
let other: RestGuest;

beforeAll(async () => {
  other = await startRestGuest(web.url, '이야기꾼');
  const texts = Array.from({ length: MESSAGES }, (_, at) => {
    const more = (at + 1) % 7 === 0 ? '\n둘째 줄\n셋째 줄' : (at + 1) % 5 === 0 ? ' 긴 말'.repeat(60) : '';
    return `이야기 ${at + 1}.${more}`;
  });
  await other.sayAll(texts);
}, 60_000);

test('older messages that load late move nothing on screen, in any frame, at rest or while scrolling', async () => {
  await using one = await web.enter('독자', { isStill: false });
  const { page } = one;
  await delayPages(page, 450);
  await page.reload();
  await messageOf(page, `이야기 ${MESSAGES}.`).waitFor();
  await watchFrames(page, 'up');
  const { jumps, lost, pages, atRest } = await wheelUntil(page, 'up', /이야기 1\./);
  expect(jumps).toEqual([]);
  expect(lost).toBe(0);
  expect(pages).toBeGreaterThanOrEqual(3);
  expect(atRest).toBeGreaterThanOrEqual(1);
  await page.getByText('lobby 방의 시작입니다').waitFor();
  const shown = await page.getByRole('article').allTextContents();
  expect(new Set(shown).size).toBe(shown.length);
}, 90_000);

test('a user who reads further up stays there, sees how much has arrived, and jumps to the newest with one press', async () => {
  await using one = await web.enter('위에서', { isStill: false });
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
  await using one = await web.enter('아래에서', { isStill: false });
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

test('a room that goes on and on is not kept whole; what was dropped comes back where one scrolls, without a jump', async () => {
  const { room } = await other.call<{ room: { id: string } }>('POST', '/rooms', { name: '쉬지 않는 방' });
  await using one = await web.enter('붙박이');
  const { page } = one;
  await page.request.post(`${web.url}/api/rooms/${room.id}/join`, { headers: { Origin: web.url }, data: {} });
  await page.goto(`${web.url}/#/r/${room.id}`);
  await page.getByText('쉬지 않는 방 방의 시작입니다').waitFor();
  const pour = (from: number) =>
    other.sayAll(
      Array.from({ length: 1200 }, (_, at) => `쉼 없이 ${from + at}.`),
      room.id,
    );
  await pour(1);
  await messageOf(page, '쉼 없이 1200.').waitFor();
  const log = page.getByRole('log');
  const rows = () =>
    log.evaluate((list) => Math.round(list.scrollHeight / list.querySelector('article')!.clientHeight));
  await expect.poll(rows).toBeLessThan(900);
  await expect.poll(() => distanceFromEnd(page)).toBeLessThan(2);
  const oldest = 1200 - (await rows());
  expect(oldest).toBeGreaterThan(0);

  // From the oldest that is kept, on to what was dropped.
  await log.evaluate((list) => list.scrollTo(0, 600));
  await messageOf(page, `쉼 없이 ${oldest + 40}.`).waitFor();
  await watchFrames(page, 'up');
  const { jumps, lost } = await wheelUntil(page, 'up', new RegExp(`쉼 없이 ${oldest - 10}\\.`));
  expect(jumps).toEqual([]);
  expect(lost).toBe(0);

  // What is far below is dropped, too, and nothing moves.
  const before = await topOfSight(page);
  await pour(1201);
  await page.getByRole('button', { name: /^새 메시지/ }).waitFor();
  await expect.poll(rows).toBeLessThan(1300);
  expect(await topOfSight(page)).toEqual(before);
  await page.getByRole('button', { name: /^새 메시지/ }).click();
  await messageOf(page, '쉼 없이 2400.').waitFor();
  await expect.poll(() => distanceFromEnd(page)).toBeLessThan(2);
}, 60_000);
