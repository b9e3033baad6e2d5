import { expect, test } from 'vitest';
import { messageOf } from '../support/visitor.ts';
import { useWeb } from '../support/web.ts';

const web = useWeb();

test('the Enter that ends a Korean syllable does not send; the next one does, and nothing is sent twice', async () => {
  await using one = await web.enter('한글');
  const { page } = one;
  const composer = page.locator('#composer');
  await composer.focus();
  const cdp = await page.context().newCDPSession(page);
  const compose = (text: string) =>
    cdp.send('Input.imeSetComposition', { text, selectionStart: text.length, selectionEnd: text.length });
  for (const text of ['ㅎ', '하', '한']) await compose(text);
  await cdp.send('Input.insertText', { text: '한' });
  for (const text of ['ㄱ', '그', '글']) await compose(text);
  expect(await composer.inputValue()).toBe('한글');

  // What Windows and Linux send for an Enter while a syllable is being composed: key code 229, "Process".
  const enterKey = { key: 'Process', code: 'Enter', windowsVirtualKeyCode: 229 } as const;
  await cdp.send('Input.dispatchKeyEvent', { type: 'rawKeyDown', ...enterKey });
  await cdp.send('Input.insertText', { text: '글' });
  await cdp.send('Input.dispatchKeyEvent', { type: 'keyUp', ...enterKey });
  expect(await composer.inputValue()).toBe('한글');
  expect(await page.getByRole('article').count()).toBe(0);

  await page.keyboard.press('Enter');
  await messageOf(page, '한글').waitFor();
  expect(await composer.inputValue()).toBe('');
  expect(await page.getByRole('article').count()).toBe(1);
});

test('an Enter that the browser counts as part of the composition does not send', async () => {
  await using one = await web.enter('조합');
  const { page } = one;
  await page.locator('#composer').fill('조합 중');
  // Chromium and Firefox: isComposing. Safari: the composition has ended, and only the key code tells.
  for (const init of [
    { key: 'Enter', isComposing: true },
    { key: 'Enter', keyCode: 229 },
  ]) {
    await page.locator('#composer').dispatchEvent('keydown', { bubbles: true, cancelable: true, ...init });
  }
  expect(await page.locator('#composer').inputValue()).toBe('조합 중');
  expect(await page.getByRole('article').filter({ hasText: '조합 중' }).count()).toBe(0);
});
