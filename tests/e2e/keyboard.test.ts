import type { Page } from 'playwright-core';
import { expect, test } from 'vitest';
import { startRestGuest } from '../support/rest-guest.ts';
import { messageOf, say } from '../support/visitor.ts';
import { useWeb } from '../support/web.ts';

const web = useWeb();

async function tabTo(page: Page, matches: string, key = 'Tab'): Promise<void> {
  for (let turn = 0; turn < 40; turn++) {
    if (await page.evaluate((selector) => document.activeElement?.matches(selector), matches)) return;
    await page.keyboard.press(key);
  }
  throw new Error(`The keyboard did not reach ${matches}`);
}

test('signing in, opening a room, reacting, editing, deleting and returning to the composer need no mouse', async () => {
  const other = await startRestGuest(web.url, '동무');
  const { room } = await other.call<{ room: { id: string } }>('POST', '/rooms', { name: '산책 모임' });
  await other.say('같이 걸어요', room.id);

  await using one = await web.visit();
  const { page } = one;
  await page.waitForFunction(() => document.activeElement?.tagName === 'INPUT');
  await page.keyboard.insertText('건반');
  await page.keyboard.press('Enter');
  await page.locator('#composer').waitFor();

  await page.keyboard.press('Control+k');
  await page.keyboard.insertText('산책');
  await page.getByRole('option', { name: /산책 모임/ }).waitFor();
  await page.keyboard.press('Enter');
  await messageOf(page, '같이 걸어요').waitFor();
  await page.waitForFunction(() => document.activeElement?.id === 'composer');
  await page.keyboard.insertText('저도 갈게요');
  await page.keyboard.press('Enter');
  await page.locator('article[data-delivery="sent"]', { hasText: '저도 갈게요' }).waitFor();

  await tabTo(page, 'article', 'Shift+Tab');
  await page.keyboard.press('ArrowUp');
  await expect.poll(() => page.evaluate(() => document.activeElement?.textContent)).toContain('같이 걸어요');
  await tabTo(page, '[role=toolbar] button');
  await page.keyboard.press('Enter');
  await messageOf(page, '같이 걸어요').getByRole('button', { name: '👍 1명: 건반' }).waitFor();

  await page.keyboard.press('Escape');
  await page.waitForFunction(() => document.activeElement?.id === 'composer');
  await tabTo(page, 'article', 'Shift+Tab');
  await page.keyboard.press('End');
  await page.keyboard.press('e');
  await page.getByLabel('메시지 수정').waitFor();
  await page.keyboard.press('Control+a');
  await page.keyboard.insertText('저도 꼭 갈게요');
  await page.keyboard.press('Enter');
  await messageOf(page, '저도 꼭 갈게요').waitFor();
  await page.waitForFunction(() => document.activeElement?.id === 'composer');
  expect(one.problems).toEqual([]);
});

test('the first Tab stop is the link to the conversation', async () => {
  await using one = await web.enter('건너뛰기');
  const { page } = one;
  await page.locator('#composer').waitFor();
  expect(await page.evaluate(() => document.querySelector('button, a, input, textarea')?.textContent)).toBe(
    '대화로 건너뛰기',
  );
  await page.getByRole('button', { name: '대화로 건너뛰기' }).focus();
  await page.keyboard.press('Enter');
  await page.waitForFunction(() => document.activeElement?.id === 'composer');
});

test('a dialog traps the focus, closes on Escape, and returns the focus', async () => {
  await using one = await web.enter('대화창');
  const { page } = one;
  await page.getByRole('button', { name: '새 방 만들기' }).focus();
  await page.keyboard.press('Enter');
  await page.waitForFunction(() => (document.activeElement as HTMLInputElement).placeholder === '예: 독서 모임');
  for (let turn = 0; turn < 12; turn++) {
    await page.keyboard.press('Tab');
    expect(
      await page.evaluate(
        () =>
          document.querySelector('dialog')?.contains(document.activeElement) ||
          document.activeElement === document.body,
      ),
    ).toBe(true);
  }
  await page.keyboard.press('Escape');
  expect(await page.evaluate(() => document.activeElement?.getAttribute('aria-label'))).toBe('새 방 만들기');

  await page.getByRole('button', { name: /내 메뉴/ }).focus();
  await page.keyboard.press('Enter');
  await page.getByRole('menuitem', { name: '닉네임 바꾸기' }).waitFor();
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('Enter');
  await page.getByRole('dialog', { name: '닉네임 바꾸기' }).waitFor();
  await page.keyboard.press('Escape');
  await page.waitForFunction(() => /내 메뉴/.test(document.activeElement?.getAttribute('aria-label') ?? ''));
});

test('arrow keys move through the rooms', async () => {
  const other = await startRestGuest(web.url, '방만든이');
  await using one = await web.enter('화살표');
  const { user } = await other.call<{ user: { id: string } }>('GET', '/session');
  expect(user.id).not.toBe('');
  await one.page.getByRole('button', { name: '새 방 만들기' }).click();
  await one.page.getByLabel('방 이름').fill('둘째 방');
  await one.page.keyboard.press('Enter');
  await one.page.getByRole('heading', { name: '둘째 방', exact: true }).waitFor();
  // The new room is above: it was active last.
  await one.page.getByRole('link', { name: /lobby/ }).focus();
  await one.page.keyboard.press('ArrowUp');
  expect(await one.page.evaluate(() => document.activeElement?.textContent)).toContain('둘째 방');
  await one.page.keyboard.press('ArrowDown');
  await one.page.keyboard.press('Enter');
  await one.page.getByRole('heading', { name: 'lobby', exact: true }).waitFor();
});

test('new messages are announced to a screen reader; earlier ones are not', async () => {
  await using one = await web.enter('듣는이');
  await using two = await web.enter('말하는이');
  await say(two.page, '새로 온 말');
  await messageOf(one.page, '새로 온 말').waitFor();
  const said = one.page.getByRole('status').filter({ hasText: '말하는이 님: 새로 온 말' });
  await said.waitFor({ state: 'attached' });
  await one.page.reload();
  await messageOf(one.page, '새로 온 말').waitFor();
  expect(await said.count()).toBe(0);
  expect(await one.page.getByRole('log').getAttribute('aria-live')).toBe('off');
});
