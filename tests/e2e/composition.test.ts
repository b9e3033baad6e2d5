import type { CDPSession, Locator, Page } from 'playwright-core';
import { expect, test } from 'vitest';
import { messageOf, say } from '../support/visitor.ts';
import { useWeb } from '../support/web.ts';

const web = useWeb();

/** What an input method does to the field that has the focus. */
function inputMethod(cdp: CDPSession) {
  return {
    compose: (text: string) =>
      cdp.send('Input.imeSetComposition', { text, selectionStart: text.length, selectionEnd: text.length }),
    commit: (text: string) => cdp.send('Input.insertText', { text }),
  };
}

/** What Windows and Linux send for a key while a syllable is being composed: key code 229, "Process". */
async function pressInside(cdp: CDPSession, code: string): Promise<void> {
  const key = { key: 'Process', code, windowsVirtualKeyCode: 229 } as const;
  await cdp.send('Input.dispatchKeyEvent', { type: 'rawKeyDown', ...key });
  await cdp.send('Input.dispatchKeyEvent', { type: 'keyUp', ...key });
}

test('the Enter that ends a Korean syllable does not send; the next one does, and nothing is sent twice', async () => {
  await using one = await web.enter('한글');
  const { page } = one;
  const composer = page.locator('#composer');
  await composer.focus();
  const cdp = await page.context().newCDPSession(page);
  const { compose, commit } = inputMethod(cdp);
  for (const text of ['ㅎ', '하', '한']) await compose(text);
  await commit('한');
  for (const text of ['ㄱ', '그', '글']) await compose(text);
  expect(await composer.inputValue()).toBe('한글');

  await pressInside(cdp, 'Enter');
  await commit('글');
  expect(await composer.inputValue()).toBe('한글');
  expect(await page.getByRole('article').count()).toBe(0);

  await page.keyboard.press('Enter');
  await messageOf(page, '한글').waitFor();
  expect(await composer.inputValue()).toBe('');
  expect(await page.getByRole('article').count()).toBe(1);
});

test(
  'a key that belongs to a composition does nothing else, in every field that reacts to it',
  { timeout: 60_000 },
  async () => {
    await using one = await web.visit();
    const { page } = one;
    const cdp = await page.context().newCDPSession(page);
    const { compose, commit } = inputMethod(cdp);
    /** Composes in a field, presses keys in each of the three ways in which browsers tell it, and ends the composition. */
    const composeIn = async (field: Locator, keys: readonly string[]) => {
      await field.focus();
      await compose('가');
      for (const key of keys) {
        // Chromium on macOS: the key's own name and code, with `isComposing`.
        await page.keyboard.press(key);
        await pressInside(cdp, key);
      }
      await commit('가');
      // Safari: the composition has ended before the key.
      for (const key of keys) {
        await field.dispatchEvent('keydown', { key, code: key, keyCode: 229, bubbles: true, cancelable: true });
      }
    };
    const nickname = page.getByLabel('닉네임');
    await composeIn(nickname, ['Enter']);
    await nickname.fill('조합');
    await page.keyboard.press('Enter');
    const composer = page.locator('#composer');
    await composer.waitFor();
    const own = page.getByRole('article').filter({ hasText: '조합' });

    await composeIn(composer, ['Enter', 'ArrowUp', 'Escape']);
    // The browser itself breaks the line.
    expect((await composer.inputValue()).trim()).toBe('가');
    expect(await own.count()).toBe(0);
    await say(page, '고칠 말');
    await page.locator('article[data-delivery="sent"]', { hasText: '고칠 말' }).waitFor();

    await composer.press('ArrowUp');
    const editor = page.getByLabel('메시지 수정');
    await composeIn(editor, ['Enter', 'Escape']);
    expect((await editor.inputValue()).trim()).toBe('고칠 말가');
    await page.keyboard.press('Escape');
    await editor.waitFor({ state: 'detached' });

    const fields: [(page: Page) => Promise<void>, RegExp, readonly string[]][] = [
      [(at) => at.keyboard.press('Control+k'), /방, 사람, 기능 이름/, ['Enter', 'ArrowDown', 'Escape']],
      [(at) => at.getByRole('button', { name: '새 방 만들기' }).click(), /방 이름/, ['Enter', 'Escape']],
      [
        (at) => at.getByRole('button', { name: '방 둘러보기' }).first().click(),
        /방 이름으로 찾기/,
        ['Enter', 'Escape'],
      ],
      [
        (at) => at.getByRole('button', { name: '이모지 넣기' }).click(),
        /이모지 찾기/,
        ['Enter', 'ArrowDown', 'Escape'],
      ],
      [
        async (at) => {
          await at.getByRole('button', { name: /내 메뉴/ }).click();
          await at.getByRole('menuitem', { name: '닉네임 바꾸기' }).click();
        },
        /닉네임/,
        ['Enter', 'Escape'],
      ],
    ];
    for (const [open, label, keys] of fields) {
      await open(page);
      const field = page.getByRole('dialog').getByLabel(label).first();
      await field.waitFor();
      await composeIn(field, keys);
      expect(await field.isVisible(), String(label)).toBe(true);
      expect(await field.inputValue(), String(label)).toMatch(/가$/);
      // In a field for searching the first one clears it.
      await field.fill('');
      await page.keyboard.press('Escape');
      await field.waitFor({ state: 'detached' });
    }
    expect(await composer.inputValue()).toBe('');
    expect(await own.count()).toBe(1);
    expect(one.problems).toEqual([]);
  },
);
