import type { Page } from 'playwright-core';
import { expect, test } from 'vitest';
import { startRestGuest } from '../support/rest-guest.ts';
import { useWeb } from '../support/web.ts';

const web = useWeb();

const back = (page: Page) => page.evaluate(() => history.back());

test('back on a phone closes what is on top, one after another, then the room', { timeout: 60_000 }, async () => {
  const other = await startRestGuest(web.url, '이웃');
  await other.call('POST', '/rooms', { name: '둘째 방' });
  await using one = await web.enter('뒤로', { isPhone: true });
  const { page } = one;
  const list = page.getByRole('navigation', { name: '내 방' });
  const composer = page.locator('#composer');
  const panel = page.getByRole('complementary', { name: '참여자' });
  const dialog = page.getByRole('dialog');

  await list.getByRole('link', { name: /lobby/ }).tap();
  await composer.waitFor();
  await page.getByRole('button', { name: '참여자 보기' }).tap();
  await panel.getByRole('button', { name: /이웃 님 메뉴/ }).tap();
  await page.getByRole('menuitem').first().waitFor();
  await back(page);
  await page.getByRole('menuitem').first().waitFor({ state: 'detached' });
  await panel.getByRole('button', { name: '초대' }).tap();
  await dialog.waitFor();
  await back(page);
  await dialog.waitFor({ state: 'detached' });
  expect(await panel.isVisible()).toBe(true);
  await back(page);
  await panel.waitFor({ state: 'detached' });
  await page.getByRole('button', { name: '이모지 넣기' }).tap();
  await dialog.getByRole('gridcell').first().waitFor();
  await back(page);
  await dialog.waitFor({ state: 'detached' });
  expect(await composer.isVisible()).toBe(true);
  await back(page);
  await list.waitFor();

  // What was closed by its own button takes no step back of its own, and a step forward opens nothing.
  await page.getByRole('button', { name: /내 메뉴/ }).tap();
  await page.getByRole('menuitem', { name: '닉네임 바꾸기' }).tap();
  await dialog.getByRole('button', { name: '취소' }).tap();
  await dialog.waitFor({ state: 'detached' });
  await list.getByRole('link', { name: /lobby/ }).tap();
  await composer.waitFor();
  for (let turn = 0; turn < 2; turn += 1) {
    await page.getByRole('button', { name: '방 정보' }).tap();
    await dialog.getByRole('button', { name: '초대' }).tap();
    await dialog.getByRole('button', { name: '닫기' }).tap();
    await dialog.waitFor({ state: 'detached' });
  }
  await composer.fill('아직 여기');
  await page.getByRole('button', { name: '보내기' }).tap();
  await back(page);
  await list.waitFor();
  await page.goForward();
  await composer.waitFor();
  expect(await dialog.count()).toBe(0);
  await page.getByRole('button', { name: '방 목록으로' }).tap();
  await list.waitFor();

  // A dialog that leads to another page is not on the way back.
  await list.getByRole('button', { name: '방 둘러보기' }).tap();
  await dialog.getByRole('button', { name: '들어가기: 둘째 방' }).tap();
  await page.getByRole('heading', { name: '둘째 방', exact: true }).waitFor();
  await back(page);
  await list.waitFor();
  expect(await dialog.count()).toBe(0);
  expect(one.problems).toEqual([]);
});

test('a room that was opened by its link has the list below it', async () => {
  await using one = await web.enter('링크로', { isPhone: true });
  const { page } = one;
  await page.goto('about:blank');
  await page.goto(`${web.url}/#/r/lobby`);
  await page.locator('#composer').waitFor();
  await back(page);
  await page.getByRole('navigation', { name: '내 방' }).waitFor();
});

test('what is on top of a page closes on a desktop when the page is left: by an address, forward, or back', async () => {
  await using one = await web.enter('책상에서');
  const { page } = one;
  const dialog = page.getByRole('dialog', { name: '방 정보' });
  const go = (to: string) => page.evaluate((hash) => (location.hash = hash), to);
  const leaves = {
    address: () => go('#/settings'),
    forward: () => page.evaluate(() => history.forward()),
    back: () => back(page),
  };
  for (const [how, leave] of Object.entries(leaves)) {
    // oxlint-disable no-await-in-loop -- one after another
    await page.getByRole('button', { name: '방 정보' }).click();
    await dialog.waitFor();
    await leave();
    await page.getByRole('heading', { name: '설정', exact: true }).waitFor();
    await dialog.waitFor({ state: 'detached' });
    // Next the settings lie ahead, then behind.
    await (how === 'forward' ? go('#/r/lobby') : back(page));
    await page.locator('#composer').waitFor();
    // oxlint-enable no-await-in-loop
  }
  expect(one.problems).toEqual([]);
});
