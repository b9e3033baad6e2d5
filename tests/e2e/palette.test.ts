import type { Locator, Page } from 'playwright-core';
import { beforeAll, expect, test } from 'vitest';
import { type RestGuest, startRestGuest } from '../support/rest-guest.ts';
import { say, type Visitor } from '../support/visitor.ts';
import { useWeb } from '../support/web.ts';

const web = useWeb();
let one: Visitor;
let other: RestGuest;

beforeAll(async () => {
  other = await startRestGuest(web.url, '김한별');
  await other.call('POST', '/rooms', { name: '독서 모임' });
  one = await web.enterToStay('길잡이');
  await one.page.locator('#composer').waitFor();
});

/** Opens the palette with something typed in it. */
async function find(page: Page, search: string): Promise<Locator> {
  await page.keyboard.press('Control+k');
  await page.getByRole('combobox').fill(search);
  return page.getByRole('option').first();
}

/** Does the first thing that is found by a search. */
async function choose(page: Page, search: string, expected: string | RegExp): Promise<void> {
  const first = await find(page, search);
  await expect.poll(() => first.textContent()).toMatch(expected);
  // This field, since the dialog that opens may have one as well.
  const field = await page.getByRole('combobox').elementHandle();
  await page.keyboard.press('Enter');
  await field?.waitForElementState('hidden');
}

test('the palette has each shortcut of the sheet, with the same keys', async () => {
  const { page } = one;
  await say(page, '고칠 말');
  await page.locator('article[data-delivery="sent"]', { hasText: '고칠 말' }).waitFor();
  await page.keyboard.press('ArrowUp');
  await page.getByLabel('메시지 수정').waitFor();
  await page.keyboard.press('Control+/');
  const sheet = page.getByRole('dialog', { name: '키보드 단축키' });
  await sheet.waitFor();
  const names = await sheet.getByRole('term').allInnerTexts();
  const keys = await sheet.getByRole('definition').allInnerTexts();
  expect(names.length).toBeGreaterThan(15);
  await page.keyboard.press('Escape');
  await page.keyboard.press('Control+k');
  await page.getByRole('option').first().waitFor();
  const options = await page.getByRole('option').evaluateAll((all) => all.map((each) => each.textContent));
  for (const [at, name] of names.entries()) expect(options).toContain(`${name}${keys[at]}`);
  await page.keyboard.press('Escape');
  await page.getByLabel('메시지 수정').press('Escape');
  await page.waitForFunction(() => document.activeElement?.id === 'composer');
});

test('actions are found by words of both languages in any order, and by initial consonants; the best comes first', async () => {
  const { page } = one;
  const theme = () => page.evaluate(() => document.documentElement.dataset['theme']);
  await choose(page, '어둡게', '화면 테마: 어둡게');
  await expect.poll(theme).toBe('dark');
  await choose(page, 'light theme', '화면 테마: 밝게');
  await expect.poll(theme).toBe('light');
  await choose(page, 'ㄱㄱㅅㅈ', '화면 테마: 기기 설정에 맞춤');
  await expect.poll(theme).toBe(undefined);
  const language = () => page.evaluate(() => document.documentElement.lang);
  await choose(page, '영어', '언어: English');
  await expect.poll(language).toBe('en');
  await choose(page, '한국어', 'Language: 한국어');
  await expect.poll(language).toBe('ko');
  await find(page, '없는 것 없다');
  await page.getByText('찾는 방이나 사람, 기능이 없습니다').waitFor();
  await page.keyboard.press('Escape');
});

test('what was chosen often comes first, also after a reload; signing out forgets it', async () => {
  await using two = await web.enter('자주');
  const { page } = two;
  await page.locator('#composer').waitFor();
  const firstAction = async () => {
    await page.keyboard.press('Control+k');
    const words = await page.getByRole('group', { name: '기능' }).getByRole('option').first().textContent();
    await page.keyboard.press('Escape');
    return words;
  };
  const before = await firstAction();
  expect(before).not.toBe('차단한 사람');
  await choose(page, '차단한', '차단한 사람');
  await page.getByRole('dialog', { name: '차단한 사람' }).waitFor();
  await page.keyboard.press('Escape');
  expect(await firstAction()).toBe('차단한 사람');
  await page.reload();
  await page.locator('#composer').waitFor();
  expect(await firstAction()).toBe('차단한 사람');
  await choose(page, 'sign out', '나가기');
  await page.getByRole('alertdialog').getByRole('button', { name: '나가기' }).click();
  await page.getByLabel('닉네임').fill('다른이');
  await page.keyboard.press('Enter');
  await page.locator('#composer').waitFor();
  expect(await firstAction()).toBe(before);
});

test('the arrows choose, at the ends they go round, and the list says which one is chosen', async () => {
  const { page } = one;
  await find(page, '방');
  const field = page.getByRole('combobox');
  const chosen = () =>
    field.evaluate((input) => document.getElementById(input.getAttribute('aria-activedescendant') ?? '')?.textContent);
  const options = page.getByRole('option');
  await expect.poll(() => options.count()).toBeGreaterThan(3);
  const texts = await options.allTextContents();
  expect(await chosen()).toBe(texts[0]);
  await page.keyboard.press('ArrowDown');
  expect(await chosen()).toBe(texts[1]);
  await page.keyboard.press('ArrowUp');
  await page.keyboard.press('ArrowUp');
  expect(await chosen()).toBe((await options.allTextContents()).at(-1));
  expect(await page.locator('[role=option][aria-selected=true]').count()).toBe(1);
  await page.keyboard.press('Escape');
});

test('what the open room can do is done from the palette', async () => {
  const { page } = one;
  const panel = page.getByRole('complementary');
  await panel.waitFor();
  await choose(page, '참여자 보기', '참여자 보기·숨기기');
  await panel.waitFor({ state: 'detached' });
  await choose(page, '참여자 찾기', '이 방의 참여자 찾기');
  await page.waitForFunction(() => (document.activeElement as HTMLInputElement | null)?.type === 'search');
  await panel.getByText('길잡이').waitFor();
  await page.keyboard.insertText('ㄱㅎㅂ');
  await panel.getByText('길잡이').waitFor({ state: 'detached' });
  await panel.getByText('김한별').waitFor();
  await page.keyboard.press('Escape');
  await panel.getByText('길잡이').waitFor();
  await choose(page, '방 정보', '방 정보');
  await page.getByRole('dialog', { name: '방 정보' }).waitFor();
  await page.keyboard.press('Escape');
  await choose(page, '초대', '이 방에 초대하기');
  await page.getByRole('dialog', { name: /초대/ }).waitFor();
  await page.keyboard.press('Escape');
  await choose(page, 'pinned', '고정한 메시지 보기');
  await page.getByRole('dialog', { name: '고정한 메시지' }).waitFor();
  await page.keyboard.press('Escape');
  await choose(page, 'ㅁㅅㅈㅁㄹ', '메시지 목록으로 이동');
  await page.waitForFunction(() => document.activeElement?.matches('[data-message]'));
  await choose(page, '입력창', '입력창으로 돌아가기');
  await page.waitForFunction(() => document.activeElement?.id === 'composer');
});

test('a conversation begins with a person who is found by name', async () => {
  const { page } = one;
  await choose(page, '1:1', '새 1:1 대화');
  await page.getByRole('dialog', { name: '새 1:1 대화' }).waitFor();
  await page.getByRole('combobox').fill('ㅎㅂ');
  await page.getByRole('option', { name: '김한별' }).waitFor();
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { name: '김한별', exact: true }).waitFor();
  await choose(page, 'lobby', /^lobby/);
  await page.getByRole('heading', { name: 'lobby', exact: true }).waitFor();
});

test('without a connection it says that rooms and people may be missing, and looks again after it', async () => {
  const { page } = one;
  await page.context().setOffline(true);
  await page.getByText('인터넷에 연결되어 있지 않습니다').waitFor();
  await page.keyboard.press('Control+k');
  await page.getByRole('combobox').fill('어디에도 없는');
  const partial = page.getByRole('dialog').getByRole('status').getByText('빠진 공개 방이나 사람이 있을 수 있습니다');
  await partial.waitFor();
  expect(await page.getByText('찾는 방이나 사람, 기능이 없습니다').count()).toBe(0);
  await page.context().setOffline(false);
  await partial.waitFor({ state: 'detached' });
  await page.getByText('찾는 방이나 사람, 기능이 없습니다').waitFor();
  await page.keyboard.press('Escape');
});

test('the way to the first unread message, and to the newest', async () => {
  const { page } = one;
  const { room } = await other.call<{ room: { id: string } }>('POST', '/rooms', { name: '긴 이야기' });
  await page.evaluate(
    (id) => fetch(`api/rooms/${id}/join`, { method: 'POST', headers: { 'content-type': 'application/json' } }),
    room.id,
  );
  for (let turn = 1; turn <= 40; turn += 1) await other.say(`말 ${turn}`, room.id);
  await page.evaluate((id) => (location.hash = `#/r/${id}`), room.id);
  await page.getByTestId('unread').waitFor();
  await page.getByRole('article').filter({ hasText: '말 1' }).first().waitFor();
  await choose(page, '최신', '가장 새로운 메시지로 이동');
  await page.getByRole('article').filter({ hasText: '말 40' }).waitFor();
  await expect.poll(() => page.locator(`a[data-room="${room.id}"]`).textContent()).not.toContain('읽지 않은');
  await page.evaluate(() => (location.hash = '#/r/lobby'));
  await page.getByRole('heading', { name: 'lobby', exact: true }).waitFor();
});

test('settings: an address for all and for each, a search in both languages, and the way back', async () => {
  const { page } = one;
  const rows = page.getByRole('main').getByRole('heading', { level: 3 });
  await page.keyboard.press('Control+,');
  await rows.first().waitFor();
  expect(await page.evaluate(() => location.hash)).toBe('#/settings');
  await page.waitForFunction(() => (document.activeElement as HTMLInputElement | null)?.type === 'search');
  const all = await rows.allInnerTexts();
  expect(all.length).toBeGreaterThan(7);
  for (const [search, expected] of [
    ['ㅎㅁㅌ', '화면 테마'],
    ['language', '언어'],
    ['다크', '화면 테마'],
    ['dark mode', '화면 테마'],
    ['닉네', '닉네임'],
    ['update', '버전'],
  ] as const) {
    await page.getByRole('searchbox', { name: '설정 찾기' }).fill(search);
    await expect.poll(() => rows.allInnerTexts()).toEqual([expected]);
  }
  await page.getByRole('searchbox', { name: '설정 찾기' }).fill('없는 것');
  await page.getByText('찾는 설정이 없습니다').waitFor();
  await page.keyboard.press('Escape');
  await expect.poll(() => rows.count()).toBe(all.length);
  await choose(page, '화면 테마', '화면 테마');
  expect(await page.evaluate(() => location.hash)).toBe('#/settings/theme');
  await page.waitForFunction(() => (document.activeElement as HTMLInputElement | null)?.value === 'system');
  await page.keyboard.press('Escape');
  await page.getByRole('heading', { name: 'lobby', exact: true }).waitFor();
  await page.goForward();
  await page.getByRole('radio', { name: '어둡게' }).waitFor();
  await page.getByRole('button', { name: '설정 닫기' }).click();
  await page.getByRole('heading', { name: 'lobby', exact: true }).waitFor();
});

test('messages are not kept on the device if the user does not want it', async () => {
  const { page } = one;
  const kept = () =>
    page.evaluate(async () => {
      const name = (await indexedDB.databases()).find((each) => each.name?.startsWith('madang-offline'))?.name;
      if (name === undefined) return 0;
      const database = await new Promise<IDBDatabase>((resolve, reject) => {
        const opening = indexedDB.open(name);
        opening.addEventListener('success', () => resolve(opening.result));
        opening.addEventListener('error', () => reject(opening.error ?? new Error('not opened')));
      });
      const count = await new Promise<number>((resolve) => {
        const counting = database.transaction('rooms').objectStore('rooms').count();
        counting.addEventListener('success', () => resolve(counting.result));
      });
      database.close();
      return count;
    });
  await expect.poll(kept).toBeGreaterThan(0);
  await page.evaluate(() => (location.hash = '#/settings/offline'));
  await page.getByRole('radio', { name: '보관하지 않음' }).click();
  await expect.poll(kept).toBe(0);
  await page.reload();
  await page.getByRole('radio', { name: '보관하지 않음' }).waitFor();
  await page.evaluate(() => (location.hash = '#/r/lobby'));
  await say(page, '보관하지 않을 말');
  await page.locator('article[data-delivery="sent"]', { hasText: '보관하지 않을 말' }).waitFor();
  expect(await kept()).toBe(0);
  await page.evaluate(() => (location.hash = '#/settings/offline'));
  await page.getByRole('radio', { name: '보관', exact: true }).click();
  await page.evaluate(() => (location.hash = '#/r/lobby'));
  await say(page, '다시 보관할 말');
  await expect.poll(kept).toBeGreaterThan(0);
  expect(one.problems).toEqual([]);
});

test('the settings call a version the newest only if the server has been asked', async () => {
  const { page } = one;
  await page.goto(`${web.url}/#/settings/version`);
  const setting = page.locator('#setting-version');
  const check = setting.getByRole('button', { name: '새 버전 확인' });
  await check.waitFor();
  const isPage = ({ pathname }: URL) => pathname === '/';
  await page.route(isPage, (route) => route.abort());
  await check.click();
  await setting.getByText('서버에 물어볼 수 없었습니다').waitFor();
  await page.unroute(isPage);
  await check.click();
  await setting.getByText('최신 버전입니다').waitFor();
});
