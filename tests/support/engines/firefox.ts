import { existsSync } from 'node:fs';
import { launch, type Page } from 'puppeteer-core';
import type { Engine, InputMethod } from './engine.ts';

const EXECUTABLE = '/usr/bin/firefox-esr';

/** Firefox by Puppeteer, which speaks WebDriver BiDi with it. */
export const firefox: Engine = {
  name: 'Firefox',
  packages: ['firefox-esr'],
  composesBy: 'input method',
  isInstalled: () => existsSync(EXECUTABLE),
  open: async () => {
    const browser = await launch({
      browser: 'firefox',
      executablePath: EXECUTABLE,
      headless: true,
      defaultViewport: { width: 1280, height: 800 },
      // Scripts in the browser's own window: only there is a way to its input method.
      args: ['--remote-allow-system-access'],
      // A turn of the wheel is one movement, not an animation whose frames nobody can foresee.
      extraPrefsFirefox: { 'intl.accept_languages': 'ko-KR, ko', 'general.smoothScroll': false },
    });
    const [page = await browser.newPage()] = await browser.pages();
    const problems: string[] = [];
    page.on('pageerror', (error) => problems.push(String(error)));
    return {
      input: await inputMethod(page),
      problems: async () => problems,
      goto: async (url) => void (await page.goto(url)),
      reload: async () => void (await page.reload()),
      evaluate: (run, argument) => page.evaluate(run as never, argument),
      click: (x, y) => page.mouse.click(x, y),
      wheel: async (x, y, deltaY) => {
        await page.mouse.move(x, y);
        await page.mouse.wheel({ deltaY });
      },
      press: (key) => page.keyboard.press(key),
      type: (text) => page.keyboard.type(text),
      [Symbol.asyncDispose]: () => browser.close(),
    };
  },
};

/** What is used of the connection inside Puppeteer, which has no call for contexts of the browser itself. */
interface Session {
  send(
    method: 'browsingContext.getTree',
    params: object,
  ): Promise<{ result: { contexts: readonly { context: string }[] } }>;
  send(method: 'script.evaluate', params: object): Promise<{ result: { type: string } }>;
}

/** Firefox's text input processor, which its own tests compose with: it sends what an input method would send. */
async function inputMethod(page: Page): Promise<InputMethod> {
  const inside = page.mainFrame() as unknown as {
    browsingContext: { userContext: { browser: { session: Session } } };
  };
  const { session } = inside.browsingContext.userContext.browser;
  const { result } = await session.send('browsingContext.getTree', { 'moz:scope': 'chrome' });
  const target = { context: result.contexts[0]?.context };
  const run = async (expression: string) => {
    const answer = await session.send('script.evaluate', { expression, target, awaitPromise: true });
    if (answer.result.type !== 'success') throw new Error(JSON.stringify(answer.result));
  };
  await run(
    `globalThis.processor = Cc['@mozilla.org/text-input-processor;1'].createInstance(Ci.nsITextInputProcessor);
     globalThis.enter = new KeyboardEvent('', { key: 'Enter', code: 'Enter' });`,
  );
  const begin = 'gBrowser.selectedBrowser.focus(); processor.beginInputTransactionForTests(window);';
  /** What happens in the browser's process arrives in the page's later: resolves when the page has the event. */
  const until = async (event: string, expression: string) => {
    await page.evaluate((name) => {
      const heard = new Promise((resolve) => addEventListener(name, resolve, { once: true, capture: true }));
      Object.assign(globalThis, { heard });
    }, event);
    await run(begin + expression);
    await page.evaluate(async () => void (await (globalThis as unknown as { heard: Promise<unknown> }).heard));
  };
  return {
    compose: (text) =>
      until(
        'input',
        `processor.setPendingCompositionString(${JSON.stringify(text)});
         processor.appendClauseToPendingComposition(${text.length}, processor.ATTR_RAW_CLAUSE);
         processor.setCaretInPendingComposition(${text.length});
         processor.flushPendingComposition();`,
      ),
    commit: () => until('compositionend', 'processor.commitComposition();'),
    // With its own name, as an input method may leave it: "Process" would be easier to tell.
    commitWithEnter: () =>
      until(
        'keyup',
        `processor.commitComposition(enter, processor.KEY_DONT_MARK_KEYDOWN_AS_PROCESSED);
         processor.keyup(enter);`,
      ),
  };
}
