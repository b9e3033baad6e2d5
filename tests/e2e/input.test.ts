import { beforeAll, expect, test } from 'vitest';
import { startRestGuest } from '../support/rest-guest.ts';
import { act, messageOf, say, type Visitor } from '../support/visitor.ts';
import { useWeb } from '../support/web.ts';

const web = useWeb();
let one: Visitor;

beforeAll(async () => {
  const other = await startRestGuest(web.url, '김한별');
  await other.call('POST', '/rooms', { name: '독서 모임' });
  await other.call('POST', '/rooms', { name: 'Café Ｗｉｄｅ' });
  one = await web.enterToStay('손과눈');
  await one.page.locator('#composer').waitFor();
});

test('a shortcut is the place of its key, whatever the layout has there', async () => {
  const { page } = one;
  const press = (target: string, init: KeyboardEventInit) =>
    page
      .locator(target)
      .first()
      .dispatchEvent('keydown', { bubbles: true, cancelable: true, ...init });
  const dialog = page.getByRole('dialog');
  // Korean, Dvorak, Dvorak's letter, Cyrillic.
  for (const init of [
    { code: 'KeyK', key: 'ㅏ' },
    { code: 'KeyK', key: 't' },
    { code: 'KeyV', key: 'k' },
    { code: 'KeyK', key: 'л' },
  ]) {
    await press('#composer', { ...init, ctrlKey: true });
    await dialog.getByRole('combobox').waitFor();
    await page.keyboard.press('Escape');
    await dialog.waitFor({ state: 'detached' });
  }
  await say(page, '고칠 말');
  await page.locator('article[data-delivery="sent"]', { hasText: '고칠 말' }).waitFor();
  for (const init of [{ key: 'ㄷ' }, { key: '.' }, { key: 'у' }]) {
    await press('article', { code: 'KeyE', ...init });
    await page.getByLabel('메시지 수정').waitFor();
    await page.keyboard.press('Escape');
    await page.getByLabel('메시지 수정').waitFor({ state: 'detached' });
  }
  await press('article', { code: 'KeyD', key: 'e' });
  expect(await page.getByLabel('메시지 수정').count()).toBe(0);
});

test('? shows every shortcut, with its keys as the layout has them; where it is text it is typed', async () => {
  const { page } = one;
  const sheet = page.getByRole('dialog', { name: '키보드 단축키' });
  await page.locator('#composer').focus();
  await page.keyboard.type('?');
  expect(await page.locator('#composer').inputValue()).toBe('?');
  expect(await sheet.count()).toBe(0);
  await page.locator('#composer').fill('');
  await page.getByRole('link', { name: /lobby/ }).focus();
  await page.keyboard.type('?');
  await sheet.waitFor();
  expect(await sheet.getByRole('definition').allInnerTexts()).toEqual([
    ...['Ctrl ,', '? 또는 Ctrl /', 'Ctrl K', 'Esc'],
    ...['Enter', 'Shift Enter', '↑', 'Shift Tab'],
    ...['↑ 또는 ↓', 'Home 또는 End', 'Shift ↑ 또는 Shift Page Up', 'Ctrl A', 'E', 'Tab', '메뉴 또는 Shift F10', 'Esc'],
    ...['Enter', 'Esc', '↑ 또는 ↓', 'Enter'],
  ]);
  await page.evaluate(() => {
    const layout = new Map([
      ['KeyE', '.'],
      ['KeyK', 'r'],
      ['Comma', 'w'],
      ['Slash', 'z'],
    ]);
    Object.defineProperty(navigator, 'keyboard', { value: { getLayoutMap: async () => layout } });
    Object.defineProperty(navigator, 'userAgentData', { value: { platform: 'macOS' } });
    window.dispatchEvent(new Event('focus'));
  });
  await sheet.getByText('⌘ R').waitFor();
  const shown = await sheet.getByRole('definition').allInnerTexts();
  expect([shown[0], shown[1], shown[2], shown[12]]).toEqual(['⌘ ,', '? 또는 ⌘ Z', '⌘ R', '.']);
  await page.keyboard.press('Escape');
  await sheet.waitFor({ state: 'detached' });
  await page.keyboard.press('Meta+k');
  await page.getByRole('dialog').getByRole('combobox').waitFor();
  await page.keyboard.press('Escape');
  await page.reload();
  await page.locator('#composer').waitFor();
});

test('undo takes back an emoji that was inserted, and all that was typed before it', async () => {
  const { page } = one;
  const composer = page.locator('#composer');
  await composer.focus();
  await page.keyboard.type('앞 뒤');
  await page.keyboard.press('ArrowLeft');
  await page.getByRole('button', { name: '이모지 넣기' }).click();
  await page.getByRole('dialog').getByRole('gridcell').first().click();
  await expect.poll(() => composer.inputValue()).toMatch(/^앞 .+뒤$/);
  await page.keyboard.type('!');
  expect(await composer.inputValue()).toMatch(/^앞 [^!]+!뒤$/);
  const seen: string[] = [];
  for (let turn = 0; turn < 10 && (await composer.inputValue()) !== ''; turn += 1) {
    await page.keyboard.press('Control+z');
    seen.push(await composer.inputValue());
  }
  expect(seen).toContain('앞 뒤');
  expect(seen.at(-1)).toBe('');
  await page.keyboard.press('Control+Shift+z');
  expect(await composer.inputValue()).not.toBe('');
  await composer.fill('');
});

test('a text and a link are copied on pages that came over plain HTTP, too', async () => {
  const { page } = one;
  await page.evaluate(() => Object.defineProperty(navigator, 'clipboard', { value: undefined, configurable: true }));
  const composer = page.locator('#composer');
  const paste = async () => {
    await composer.fill('');
    await composer.press('Control+v');
    return composer.inputValue();
  };
  await say(page, '베낄 말\n둘째 줄');
  await page.locator('article[data-delivery="sent"]', { hasText: '베낄 말' }).waitFor();
  await act(page, '베낄 말', /글 복사/);
  await page.getByText('복사했습니다.').waitFor();
  expect(await paste()).toBe('베낄 말\n둘째 줄');
  await page.getByRole('button', { name: '방 정보' }).click();
  await page.getByRole('button', { name: '방 주소 복사' }).click();
  await page.getByRole('dialog').getByRole('status').getByText('방 주소를 복사했습니다.').waitFor();
  expect(await page.evaluate(() => document.activeElement?.textContent)).toBe('방 주소 복사');
  await page.keyboard.press('Escape');
  expect(await paste()).toMatch(/#\/r\/lobby$/);
  await composer.fill('');
});

test('a text that is far too long is not measured at each key, and says by how much', async () => {
  const { page } = one;
  const composer = page.locator('#composer');
  const height = async () => (await composer.boundingBox())?.height;
  await composer.fill('줄\n'.repeat(30));
  const highest = await height();
  await composer.fill('긴 글 '.repeat(10_000));
  expect(await height()).toBe(highest);
  await page.evaluate(() => {
    const composerNow = document.querySelector('#composer') as HTMLElement;
    const get = () => {
      document.body.dataset['measured'] = 'yes';
      return 1000;
    };
    Object.defineProperty(composerNow, 'scrollHeight', { get, configurable: true });
  });
  await composer.press('End');
  await composer.press('x');
  await page.getByText('71,809바이트 초과').or(page.getByText('71809바이트 초과')).waitFor();
  expect(await page.getByRole('button', { name: '보내기' }).isDisabled()).toBe(true);
  expect(await page.locator('body').getAttribute('data-measured')).toBe(null);
  expect(await height()).toBe(highest);
  await page.evaluate(() => Reflect.deleteProperty(document.querySelector('#composer') as HTMLElement, 'scrollHeight'));
  await composer.fill('');
  await expect.poll(height).toBeLessThan(highest ?? 0);
});

test('every search finds names in each form of their letters', async () => {
  const { page } = one;
  const dialog = page.getByRole('dialog');
  const field = dialog.getByRole('combobox').or(dialog.getByRole('searchbox'));
  await page.keyboard.press('Control+k');
  for (const search of ['모임'.normalize('NFD'), 'ㄷㅅ', '독ㅅ']) {
    await field.fill(search);
    await dialog.getByRole('option', { name: /독서 모임/ }).waitFor();
  }
  for (const search of ['cafe wide', 'CAFE\u0301']) {
    await field.fill(search);
    await dialog.getByRole('option', { name: /Café/ }).waitFor();
  }
  await field.fill('ㄱㅎㅂ');
  await dialog.getByRole('option', { name: /김한별/ }).waitFor();
  await page.keyboard.press('Escape');

  await page.getByRole('button', { name: '방 둘러보기' }).first().click();
  await field.fill('ㄷㅅㅁㅇ');
  await dialog.getByRole('listitem').filter({ hasText: '독서 모임' }).waitFor();
  await expect.poll(() => dialog.getByRole('listitem').count()).toBe(1);
  await page.keyboard.press('Escape');
  await page.keyboard.press('Escape');

  await page.getByRole('button', { name: '이모지 넣기' }).click();
  for (const search of ['하트'.normalize('NFD'), '하ㅌ', 'ㅎㅌ']) {
    await field.fill(search);
    await dialog.getByTitle('빨간색 하트').waitFor();
  }
  await page.keyboard.press('Escape');
  expect(await messageOf(page, /독서/).count()).toBe(0);
  expect(one.problems).toEqual([]);
});
