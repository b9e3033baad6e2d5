import type { Page } from 'playwright-core';
import { expect, test } from 'vitest';
import { startRestGuest } from '../support/rest-guest.ts';
import { distanceFromEnd } from '../support/scrolling.ts';
import { enter, messageOf, say } from '../support/visitor.ts';
import { useWeb } from '../support/web.ts';

const web = useWeb({ flags: ['--limits', 'off'] });

test('messages in another room are counted, in the list and in the title, until they are read', async () => {
  const other = await startRestGuest(web.url, '소식통');
  const { room } = await other.call<{ room: { id: string } }>('POST', '/rooms', { name: '소식' });
  await other.say('첫 소식', room.id);
  await using one = await enter(web.browser, `${web.url}/#/r/${room.id}`, '구독자');
  const { page } = one;
  await page.getByRole('button', { name: '들어가기' }).click();
  await messageOf(page, '첫 소식').waitFor();
  await page.getByRole('link', { name: /lobby/ }).click();
  await page.locator('#composer').waitFor();
  await other.say('둘째 소식', room.id);
  await other.say('셋째 소식', room.id);
  await page.getByRole('link', { name: /소식.*안 읽은 메시지 2개/ }).waitFor();
  await expect.poll(() => page.title()).toMatch(/^\(2\) /);

  await page.getByRole('link', { name: /소식/ }).click();
  await page.getByText('여기부터 안 읽은 메시지').waitFor();
  const texts = await page.getByRole('log').innerText();
  expect(texts.indexOf('첫 소식')).toBeLessThan(texts.indexOf('여기부터 안 읽은'));
  expect(texts.indexOf('여기부터 안 읽은')).toBeLessThan(texts.indexOf('둘째 소식'));
  await expect.poll(() => page.title()).not.toMatch(/^\(/);

  // The line stays while the user reads, goes with an own message, and does not come back for what has been read.
  await say(page, '잘 봤습니다');
  await page.getByText('여기부터 안 읽은 메시지').waitFor({ state: 'detached' });
  await page.getByRole('link', { name: /lobby/ }).click();
  await page.getByRole('link', { name: /소식/ }).click();
  await messageOf(page, '잘 봤습니다').waitFor();
  expect(await page.getByText('여기부터 안 읽은 메시지').count()).toBe(0);
});

test('a mention is counted next to the unread messages, for a screen reader in both languages', async () => {
  const other = await startRestGuest(web.url, '부르미');
  const { room } = await other.call<{ room: { id: string } }>('POST', '/rooms', { name: '호출' });
  await using one = await enter(web.browser, `${web.url}/#/r/${room.id}`, '김 하늘');
  const { page } = one;
  await page.getByRole('button', { name: '들어가기' }).click();
  await page.locator('#composer').waitFor();
  await page.getByRole('link', { name: /lobby/ }).click();
  await other.say('아무나', room.id);
  await other.say('@김 하늘님, 보세요', room.id);
  await page.getByRole('link', { name: /호출.*나를 부른 메시지 1개.*안 읽은 메시지 2개/ }).waitFor();
  // The server counts the same.
  await page.reload();
  const link = page.getByRole('link', { name: /호출.*나를 부른 메시지 1개.*안 읽은 메시지 2개/ });
  await link.waitFor();
  expect(await link.innerText()).toMatch(/@1\s+나를 부른 메시지 1개\s+2/);
  await link.click();
  await messageOf(page, '보세요').waitFor();
  await page.getByRole('link', { name: /lobby/ }).click();
  await expect.poll(() => page.getByRole('link', { name: /나를 부른/ }).count()).toBe(0);
});

test('what was read stays read in another session of the page', async () => {
  const other = await startRestGuest(web.url, '말벗');
  await using one = await web.enter('두번째');
  await other.say('읽힐 말');
  await messageOf(one.page, '읽힐 말').waitFor();
  await one.page.waitForTimeout(500);
  await one.page.reload();
  await messageOf(one.page, '읽힐 말').waitFor();
  expect(await one.page.getByText('여기부터 안 읽은 메시지').count()).toBe(0);
});

test('a user who looks away and comes back to 60 messages is led to the first, and none counts as read before', async () => {
  const other = await startRestGuest(web.url, '수다쟁이');
  const { room } = await other.call<{ room: { id: string } }>('POST', '/rooms', { name: '수다' });
  for (let index = 1; index <= 30; index++) await other.say(`앞선 말 ${index}.`, room.id);
  await using one = await enter(web.browser, `${web.url}/#/r/${room.id}`, '돌아온 이');
  const { page } = one;
  await page.getByRole('button', { name: '들어가기' }).click();
  await messageOf(page, '앞선 말 30.').waitFor();
  // At the end, and come to rest there.
  await expect.poll(() => distanceFromEnd(page)).toBeLessThan(2);
  await page.waitForTimeout(500);
  await setFocus(page, false);
  for (let index = 1; index <= 60; index++) await other.say(`새 말 ${index}.`, room.id);
  await messageOf(page, '새 말 60.').waitFor();
  const bar = page.getByRole('button', { name: /^오.+ \d+:\d\d부터 새 메시지 60개$/ });
  const link = page.getByRole('link', { name: /수다.*안 읽은 메시지 60개/ });
  await bar.waitFor();
  await setFocus(page, true);
  // The end is before their eyes now, and the first of them is not.
  await page.waitForTimeout(700);
  await other.say('새 말 61.', room.id);
  await page.getByRole('link', { name: /수다.*안 읽은 메시지 61개/ }).waitFor();
  await page.getByRole('button', { name: /새 메시지 61개$/ }).click();
  await page.getByTestId('unread').waitFor();
  await messageOf(page, /새 말 1\./).waitFor();
  await page.getByRole('button', { name: /부터 새 메시지/ }).waitFor({ state: 'detached' });
  expect(await link.count()).toBe(0);
  await page.getByRole('button', { name: /새 메시지 \d+개/ }).click();
  await page.getByRole('link', { name: /수다.*안 읽은/ }).waitFor({ state: 'detached' });

  // A few that are all in sight need no way to them; closing the bar leaves all as read.
  await setFocus(page, false);
  await other.say('짧은 말', room.id);
  await setFocus(page, true);
  await page.getByRole('link', { name: /수다.*안 읽은/ }).waitFor({ state: 'detached' });
  expect(await page.getByRole('button', { name: /부터 새 메시지/ }).count()).toBe(0);
  await setFocus(page, false);
  for (let index = 1; index <= 40; index++) await other.say(`또 ${index}.`, room.id);
  await page.getByRole('button', { name: /부터 새 메시지 40개/ }).waitFor();
  await setFocus(page, true);
  await page.getByRole('status').filter({ hasText: '새 메시지' }).getByRole('button', { name: '닫기' }).click();
  await page.getByRole('link', { name: /수다.*안 읽은/ }).waitFor({ state: 'detached' });
  expect(await page.getByTestId('unread').count()).toBe(0);
});

/** Lets the page believe that its window has the focus, or not: the browser of the tests always gives it. */
async function setFocus(page: Page, isFocused: boolean): Promise<void> {
  await page.evaluate((has) => {
    document.hasFocus = () => has;
    window.dispatchEvent(new Event(has ? 'focus' : 'blur'));
  }, isFocused);
}
