import type { Section } from '@madang/protocol';
import type { Page } from 'playwright-core';
import { beforeAll, expect, test } from 'vitest';
import { type RestGuest, startRestGuest } from '../support/rest-guest.ts';
import { fingerOn } from '../support/touch.ts';
import type { Visitor } from '../support/visitor.ts';
import { useWeb } from '../support/web.ts';

const web = useWeb();
let one: Visitor;
/** The same user on another device. */
let other: Page;
let neighbour: RestGuest;
const ids: Record<string, string> = {};

beforeAll(async () => {
  neighbour = await startRestGuest(web.url, '이웃');
  one = await web.enterToStay('정리왕');
  const { page } = one;
  await page.locator('#composer').waitFor();
  for (const name of ['독서 모임', '가을 산책', '개발 이야기']) {
    const { room } = await neighbour.call<{ room: { id: string } }>('POST', '/rooms', { name });
    ids[name] = room.id;
    await page.evaluate((id) => fetch(`api/rooms/${id}/join`, { method: 'POST' }), room.id);
  }
  other = await page.context().newPage();
  await other.goto(web.url);
  await rowOf(other, '개발 이야기').waitFor();
});

const rowOf = (page: Page, name: string) => page.locator(`a[data-room="${ids[name] ?? name}"]`);
const sectionOf = (page: Page, name: string) =>
  page
    .getByRole('navigation')
    .locator('section')
    .filter({ has: page.getByRole('heading', { name, exact: true }) });
const titlesIn = (page: Page, name: string) =>
  sectionOf(page, name)
    .locator('a[data-room]')
    .evaluateAll((all) => all.map((each) => each.querySelector(':scope > span[title]')?.getAttribute('title')));

/** Chooses from the menu of a room's row. */
async function choose(page: Page, room: string, item: RegExp | string): Promise<void> {
  await rowOf(page, room).click({ button: 'right' });
  await page.getByRole('menuitem', { name: item }).click();
  await page.getByRole('menu').waitFor({ state: 'detached' });
}

test('the room in which something was said last comes first', async () => {
  const { page } = one;
  await neighbour.say('먼저', ids['독서 모임']);
  await neighbour.say('나중', ids['가을 산책']);
  await expect.poll(async () => (await titlesIn(page, '방')).slice(0, 2)).toEqual(['가을 산책', '독서 모임']);
  await neighbour.say('다시', ids['독서 모임']);
  await expect.poll(async () => (await titlesIn(page, '방')).slice(0, 2)).toEqual(['독서 모임', '가을 산책']);
  await other.reload();
  await expect.poll(async () => (await titlesIn(other, '방')).slice(0, 2)).toEqual(['독서 모임', '가을 산책']);
});

test('favorites and muted rooms follow on one’s other device; a muted room does not count', async () => {
  const { page } = one;
  await choose(page, '가을 산책', '즐겨찾기에 넣기');
  for (const each of [page, other]) await expect.poll(() => titlesIn(each, '즐겨찾기')).toEqual(['가을 산책']);
  expect(await titlesIn(page, '방')).not.toContain('가을 산책');
  await expect.poll(() => page.title()).toBe('(3) lobby · 마당');
  await choose(other, '독서 모임', '조용히 하기');
  for (const each of [page, other]) {
    await rowOf(each, '독서 모임').getByText('조용한 방').waitFor({ state: 'attached' });
    await expect.poll(() => each.title()).toBe('(1) lobby · 마당');
    expect((await titlesIn(each, '방')).at(-1)).toBe('독서 모임');
  }
  await choose(page, '독서 모임', '다시 알리기');
  await expect.poll(() => other.title()).toBe('(3) lobby · 마당');
  await choose(page, '독서 모임', '읽음으로 표시');
  await expect.poll(() => other.title()).toBe('(1) lobby · 마당');
  await choose(page, '가을 산책', '즐겨찾기에서 빼기');
  await expect.poll(() => sectionOf(other, '즐겨찾기').count()).toBe(0);
});

test('sections of one’s own: created, named, ordered and deleted by keyboard alone, and seen on the other device', async () => {
  const { page } = one;
  const dialog = page.getByRole('dialog', { name: '섹션' });
  const headings = () => other.getByRole('navigation').getByRole('heading', { level: 2 }).allInnerTexts();
  await rowOf(page, '개발 이야기').focus();
  await page.keyboard.press('Shift+F10');
  await page.getByRole('menu').waitFor();
  await page.getByRole('menuitem', { name: '섹션으로 옮기기' }).focus();
  await page.keyboard.press('Enter');
  await page.getByRole('dialog', { name: '섹션으로 옮기기' }).waitFor();
  await page.waitForFunction(() => document.activeElement?.tagName === 'INPUT');
  await page.keyboard.insertText('일');
  await page.keyboard.press('Enter');
  await expect.poll(() => titlesIn(other, '일')).toEqual(['개발 이야기']);
  await page.getByRole('dialog').waitFor({ state: 'detached' });
  await expect.poll(() => page.evaluate(() => document.activeElement?.textContent)).toContain('개발 이야기');

  await page.getByRole('button', { name: '섹션 편집' }).focus();
  await page.keyboard.press('Enter');
  await dialog.waitFor();
  await page.waitForFunction(() => document.activeElement?.tagName === 'INPUT');
  await page.keyboard.insertText('집');
  await page.keyboard.press('Enter');
  await expect.poll(headings).toEqual(['일', '집', '방', '1:1 대화']);
  await page.getByRole('button', { name: '위로 옮기기: 집' }).press('Enter');
  await expect.poll(headings).toEqual(['집', '일', '방', '1:1 대화']);
  await expect
    .poll(() => page.evaluate(() => document.activeElement?.getAttribute('aria-label')))
    .toBe('아래로 옮기기: 집');
  const name = dialog.getByLabel('섹션 이름').last();
  await name.fill('회사');
  await name.press('Enter');
  await expect.poll(headings).toEqual(['집', '회사', '방', '1:1 대화']);
  await dialog.getByRole('button', { name: '지우기: 회사' }).press('Enter');
  await expect.poll(headings).toEqual(['집', '방', '1:1 대화']);
  expect(await titlesIn(other, '방')).toContain('개발 이야기');
  await dialog.getByRole('button', { name: '지우기: 집' }).press('Enter');
  await expect.poll(headings).toEqual(['방', '1:1 대화']);
  await page.keyboard.press('Escape');
});

test('a change of the sections does not undo one that another device made a moment before', async () => {
  const { page } = one;
  const set = (...sections: Section[]) =>
    page.evaluate(async (body) => {
      await fetch('api/sections', { method: 'PUT', headers: { 'content-type': 'application/json' }, body });
    }, JSON.stringify({ sections }));
  await set({ id: 'first', name: '처음' });
  // It does not hear of the other's change.
  const late = await page.context().newPage();
  await late.routeWebSocket(/\/ws$/, (socket) => {
    const server = socket.connectToServer();
    server.onMessage((frame) => {
      if (!String(frame).includes('sections.changed')) socket.send(frame);
    });
  });
  await late.goto(web.url);
  const headings = () => page.getByRole('navigation').getByRole('heading', { level: 2 }).allInnerTexts();
  const dialog = late.getByRole('dialog', { name: '섹션' });
  await late.getByRole('button', { name: '섹션 편집' }).click();
  await dialog.getByLabel('섹션 이름').waitFor();
  await set({ id: 'first', name: '처음' }, { id: 'early', name: '이른 것' });
  await dialog.getByLabel('새 섹션').fill('늦은 것');
  await dialog.getByLabel('새 섹션').press('Enter');
  await expect.poll(headings).toEqual(['처음', '이른 것', '늦은 것', '방', '1:1 대화']);
  await set({ id: 'first', name: '이제' }, { id: 'early', name: '이른 것' });
  await dialog.getByRole('button', { name: '아래로 옮기기: 처음' }).click();
  await expect.poll(headings).toEqual(['이른 것', '이제', '방', '1:1 대화']);
  await late.close();
  await set();
  await expect.poll(headings).toEqual(['방', '1:1 대화']);
});

test('a collapsed section stays so, shows the open room, and its unread count', async () => {
  const { page } = one;
  await sectionOf(page, '방').getByRole('button', { expanded: true }).click();
  await expect.poll(() => titlesIn(page, '방')).toEqual(['lobby']);
  await page.reload();
  await sectionOf(page, '방').getByRole('button', { expanded: false }).waitFor();
  await neighbour.say('접힌 동안', ids['개발 이야기']);
  await expect.poll(() => sectionOf(page, '방').locator('div').first().textContent()).toMatch(/안 읽은 메시지 \d개/);
  await sectionOf(page, '방').getByRole('button', { expanded: false }).click();
  await rowOf(page, '개발 이야기').waitFor();
});

test('the list is filtered by name, by initial consonants too, and the arrows lead from the filter to the rooms', async () => {
  const { page } = one;
  const filter = page.getByRole('searchbox', { name: '내 방에서 찾기' });
  // Only where there are too many rooms to be seen at once.
  expect(await filter.count()).toBe(0);
  for (let n = 1; n <= 8; n += 1) {
    // oxlint-disable-next-line no-await-in-loop -- one after another
    const { room } = await neighbour.call<{ room: { id: string } }>('POST', '/rooms', { name: `모임 ${n}` });
    // oxlint-disable-next-line no-await-in-loop
    await page.evaluate((id) => fetch(`api/rooms/${id}/join`, { method: 'POST' }), room.id);
  }
  await filter.fill('ㄷㅅ');
  await expect.poll(() => titlesIn(page, '방')).toEqual(['독서 모임']);
  await filter.press('ArrowDown');
  await expect.poll(() => page.evaluate(() => document.activeElement?.textContent)).toContain('독서 모임');
  await filter.fill('없는 방');
  await page.getByText('찾는 방이 없습니다').waitFor();
  await filter.press('Escape');
  await rowOf(page, 'lobby').waitFor();
});

test('the menu of a row copies its link and leaves; a long press opens it on a phone', async () => {
  const { page } = one;
  await choose(page, '가을 산책', '방 주소 복사');
  await page.getByText(/방 주소를 복사했습니다|방 주소를 복사하지 못했습니다/).waitFor();
  await choose(page, '가을 산책', '방에서 나가기');
  await page.getByRole('alertdialog').getByRole('button', { name: '나가기' }).click();
  await rowOf(page, '가을 산책').waitFor({ state: 'detached' });
  expect(one.problems).toEqual([]);

  await using phone = await web.enter('누르는이', { isPhone: true });
  const row = phone.page.getByRole('link', { name: /lobby/ });
  const box = await row.boundingBox();
  const finger = await fingerOn(phone.page);
  const at = { x: (box?.x ?? 0) + 40, y: (box?.y ?? 0) + 20 };
  await finger.to(at);
  await phone.page.getByRole('menuitem', { name: '즐겨찾기에 넣기' }).waitFor();
  // The finger that has opened it chooses nothing in it.
  await finger.to({ x: at.x + 30, y: at.y + 60 });
  await finger.leave();
  await phone.page.getByRole('menuitem', { name: '즐겨찾기에 넣기' }).waitFor();
  expect(await phone.page.evaluate(() => location.hash)).not.toContain('/r/');
  await phone.page.keyboard.press('Escape');
  await phone.page.getByRole('menu').waitFor({ state: 'detached' });
});
