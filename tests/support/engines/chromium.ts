import type { Page } from 'playwright-core';
import { hasChromium, startBrowser } from '../browser.ts';
import { newVisitor } from '../visitor.ts';
import type { Engine, InputMethod } from './engine.ts';

/** Chromium by Playwright, which speaks the DevTools protocol with it. */
export const chromium: Engine = {
  name: 'Chromium',
  packages: ['chromium-headless-shell'],
  composesBy: 'input method',
  isInstalled: hasChromium,
  open: async () => {
    const visitor = await newVisitor(await startBrowser(), { isKept: true });
    const { page, problems } = visitor;
    return {
      input: await inputMethod(page),
      problems: async () => problems,
      goto: async (url) => void (await page.goto(url)),
      reload: async () => void (await page.reload()),
      evaluate: (run, argument) => page.evaluate(run as never, argument),
      click: (x, y) => page.mouse.click(x, y),
      wheel: async (x, y, deltaY) => {
        await page.mouse.move(x, y);
        await page.mouse.wheel(0, deltaY);
      },
      press: (key) => page.keyboard.press(key),
      type: (text) => page.keyboard.type(text),
      [Symbol.asyncDispose]: () => visitor[Symbol.asyncDispose](),
    };
  },
};

async function inputMethod(page: Page): Promise<InputMethod> {
  const cdp = await page.context().newCDPSession(page);
  let composed = '';
  const commit = () => cdp.send('Input.insertText', { text: composed });
  return {
    compose: async (text) => {
      composed = text;
      await cdp.send('Input.imeSetComposition', { text, selectionStart: text.length, selectionEnd: text.length });
    },
    commit: async () => void (await commit()),
    commitWithEnter: async () => {
      // What macOS sends for a key that an input method takes: its own name, with key code 229.
      const key = { key: 'Enter', code: 'Enter', windowsVirtualKeyCode: 229 } as const;
      await cdp.send('Input.dispatchKeyEvent', { type: 'rawKeyDown', ...key });
      await commit();
      await cdp.send('Input.dispatchKeyEvent', { type: 'keyUp', ...key });
    },
  };
}
