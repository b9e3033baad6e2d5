import { expect, test } from 'vitest';
import { messageOf } from '../support/visitor.ts';
import { useWeb } from '../support/web.ts';

const web = useWeb();

test('a phone shows one pane at a time, and nothing is wider than it', async () => {
  await using one = await web.enter('주머니', { isPhone: true });
  const { page } = one;
  const overflow = () => page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  await page.getByRole('navigation', { name: '내 방' }).waitFor();
  expect(await page.locator('#composer').count()).toBe(0);
  expect(await overflow()).toBe(0);
  await page.getByRole('link', { name: /lobby/ }).tap();
  await page.locator('#composer').waitFor();
  expect(await page.getByRole('navigation', { name: '내 방' }).count()).toBe(0);
  expect(await overflow()).toBe(0);
  await page.getByRole('button', { name: '참여자 보기' }).tap();
  await page.getByRole('complementary', { name: '참여자' }).getByText('주머니').waitFor();
  await page.getByRole('complementary').getByRole('button', { name: '참여자 닫기' }).tap();
  await page.getByRole('button', { name: '방 목록으로' }).tap();
  await page.getByRole('navigation', { name: '내 방' }).waitFor();

  await page.getByRole('link', { name: /lobby/ }).tap();
  await page.getByRole('button', { name: '방 정보' }).tap();
  await page.getByRole('button', { name: '방에서 나가기' }).tap();
  await page.getByRole('alertdialog').getByRole('button', { name: '나가기' }).tap();
  await page.getByText('아직 들어간 방이 없습니다').waitFor();
  expect(await overflow()).toBe(0);
  await page.getByRole('button', { name: '방 둘러보기' }).last().tap();
  await page.getByRole('button', { name: '들어가기: lobby' }).tap();
  await page.locator('#composer').waitFor();
  expect(one.problems).toEqual([]);
});

test('Enter breaks the line, the button sends, and a tap on a message opens its actions', async () => {
  await using one = await web.enter('손가락', { isPhone: true });
  const { page } = one;
  await page.getByRole('link', { name: /lobby/ }).tap();
  await page.locator('#composer').tap();
  await page.keyboard.insertText('첫 줄');
  await page.keyboard.press('Enter');
  await page.keyboard.insertText('둘째 줄');
  expect(await page.getByRole('article').count()).toBe(0);
  await page.getByRole('button', { name: '보내기' }).tap();
  await page.locator('article[data-delivery="sent"]', { hasText: '둘째 줄' }).waitFor();
  expect(await messageOf(page, '첫 줄').getByTestId('text').innerText()).toBe('첫 줄\n둘째 줄');
  await messageOf(page, '첫 줄').getByText('둘째 줄').tap();
  await messageOf(page, '첫 줄').getByRole('button', { name: /👍/ }).tap();
  await messageOf(page, '첫 줄').getByRole('button', { name: '👍 1명: 손가락' }).waitFor();
});

test('what is chosen in the settings stands below its title, which stays on one line', async () => {
  await using one = await web.enter('고르는이', { isPhone: true, language: 'en' });
  const { page } = one;
  await page.evaluate(() => (location.hash = '#/settings'));
  const title = page.getByRole('heading', { name: 'Appearance', exact: true });
  const box = await title.boundingBox();
  const choice = await page.getByRole('radio', { name: 'High contrast' }).locator('..').boundingBox();
  expect(box?.height).toBeLessThan(30);
  expect(choice?.y).toBeGreaterThan((box?.y ?? 0) + (box?.height ?? 0));
});
