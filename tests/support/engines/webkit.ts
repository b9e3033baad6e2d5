import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync } from 'node:fs';
import type { Readable } from 'node:stream';
import { setTimeout } from 'node:timers/promises';
import { Builder, Capabilities, Key, type WebDriver } from 'selenium-webdriver';
import { Disposables } from '../disposables.ts';
import { freePort } from '../start-server.ts';
import type { CanEvaluate, Engine, InputMethod } from './engine.ts';

declare module 'selenium-webdriver' {
  interface Actions {
    /** Missing from its types. */
    scroll(x: number, y: number, deltaX: number, deltaY: number): Actions;
  }
}

const DRIVER = '/usr/bin/WebKitWebDriver';
const SCREEN = '/usr/bin/Xvfb';

/** How long the driver may take to listen, in ms. */
const START_MS = 20_000;

/** WebKit, the nearest to Safari that Debian has: WebKitGTK's small browser by Selenium, on a screen in memory. */
export const webkit: Engine = {
  name: 'WebKit',
  packages: ['webkit2gtk-driver', 'xvfb'],
  composesBy: 'events',
  isInstalled: () => existsSync(DRIVER) && existsSync(SCREEN) && miniBrowser() !== undefined,
  open: async () => {
    const started = new Disposables();
    try {
      return await openPage(started);
    } catch (error) {
      await started[Symbol.asyncDispose]();
      throw error;
    }
  },
};

async function openPage(started: Disposables) {
  const screen = begin(started, SCREEN, ['-displayfd', '1', '-screen', '0', '1280x880x24', '-nolisten', 'tcp']);
  const [display] = (await once(screen.stdout as Readable, 'data')) as [Buffer];
  const port = await freePort();
  begin(started, DRIVER, [`--port=${port}`], {
    DISPLAY: `:${display.toString().trim()}`,
    // Its sandbox does not start for root, and there is no graphics card.
    WEBKIT_DISABLE_SANDBOX_THIS_IS_DANGEROUS: '1',
    WEBKIT_DISABLE_COMPOSITING_MODE: '1',
  });
  const address = `http://127.0.0.1:${port}`;
  await listening(address);
  const driver = await new Builder()
    .usingServer(address)
    .withCapabilities(
      new Capabilities({
        browserName: 'MiniBrowser',
        'webkitgtk:browserOptions': { binary: miniBrowser(), args: ['--automation'] },
      }),
    )
    .build();
  started.use({ [Symbol.asyncDispose]: () => driver.quit() });
  await driver.manage().window().setRect({ x: 0, y: 0, width: 1280, height: 840 });

  const evaluate: CanEvaluate['evaluate'] = (run, argument) =>
    driver.executeScript(`return (${run.toString()})(arguments[0])`, argument);
  const earlier: string[] = [];
  const later = async () => earlier.push(...(await evaluate(takeProblems, undefined)));
  const load = async (loading: () => Promise<void>) => {
    await later();
    await loading();
    await evaluate(noteProblems, undefined);
  };
  return {
    evaluate,
    input: inputMethod(evaluate),
    problems: async () => {
      await later();
      return earlier;
    },
    goto: (url: string) => load(() => driver.get(url)),
    reload: () => load(() => driver.navigate().refresh()),
    click: (x: number, y: number) => driver.actions().move({ x, y, duration: 0 }).click().perform(),
    wheel: async (x: number, y: number, deltaY: number) => {
      // Without this, the driver would leave out a turn that is like the one before.
      await driver.actions().clear();
      await driver.actions().scroll(x, y, 0, deltaY).perform();
    },
    press: (key: 'Enter' | 'ArrowUp' | 'Escape') => type(driver, KEYS[key]),
    type: (text: string) => type(driver, text),
    [Symbol.asyncDispose]: () => started[Symbol.asyncDispose](),
  };
}

const KEYS = { Enter: Key.RETURN, ArrowUp: Key.ARROW_UP, Escape: Key.ESCAPE };

function type(driver: WebDriver, text: string): Promise<void> {
  return driver.actions().sendKeys(text).perform();
}

/** Where Debian has it depends on the processor. */
function miniBrowser(): string | undefined {
  return readdirSync('/usr/lib')
    .map((folder) => `/usr/lib/${folder}/webkit2gtk-4.1/MiniBrowser`)
    .find((path) => existsSync(path));
}

/** Starts a program that ends with what was started, or with the tests. */
function begin(started: Disposables, command: string, args: string[], env: NodeJS.ProcessEnv = {}): ChildProcess {
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'ignore'], env: { ...process.env, ...env } });
  const end = () => void child.kill();
  process.once('exit', end);
  const ended = once(child, 'exit');
  started.use({
    [Symbol.asyncDispose]: async () => {
      process.off('exit', end);
      end();
      await ended;
    },
  });
  return child;
}

async function listening(address: string): Promise<void> {
  for (const start = Date.now(); Date.now() - start < START_MS; await setTimeout(50)) {
    if (await fetch(`${address}/status`).catch(() => undefined)) return;
  }
  throw new Error('WebKitWebDriver does not listen');
}

/** The driver tells of no errors, so the page itself notes them from its load on. */
function noteProblems(): void {
  const problems: string[] = [];
  Object.assign(globalThis, { problems });
  addEventListener('error', ({ message }) => {
    // Browsers note this when sizes change while they are observed; the other drivers do not tell of it.
    if (!message.startsWith('ResizeObserver loop')) problems.push(message);
  });
  addEventListener('unhandledrejection', ({ reason }) => problems.push(String(reason)));
  addEventListener('securitypolicyviolation', ({ violatedDirective, blockedURI }) =>
    problems.push(`${violatedDirective}: ${blockedURI}`),
  );
}

function takeProblems(): string[] {
  return (globalThis as { problems?: string[] }).problems?.splice(0) ?? [];
}

/**
 * No driver reaches WebKit's input methods. These are the events that Safari sends, in its order: there the composition
 * has ended before the key that ended it.
 */
function inputMethod(evaluate: CanEvaluate['evaluate']): InputMethod {
  const commit = () =>
    evaluate(() => {
      const field = document.activeElement as HTMLTextAreaElement;
      const data = field.value.slice(Number(field.dataset['composedFrom'] ?? field.value.length));
      delete field.dataset['composedFrom'];
      field.dispatchEvent(new InputEvent('input', { bubbles: true, data, inputType: 'insertFromComposition' }));
      field.dispatchEvent(new CompositionEvent('compositionend', { bubbles: true, data }));
    }, undefined);
  return {
    compose: (text) =>
      evaluate((data) => {
        const field = document.activeElement as HTMLTextAreaElement;
        if (field.dataset['composedFrom'] === undefined) {
          field.dataset['composedFrom'] = String(field.value.length);
          field.dispatchEvent(new CompositionEvent('compositionstart', { bubbles: true, data: '' }));
        }
        field.dispatchEvent(new CompositionEvent('compositionupdate', { bubbles: true, data }));
        field.setRangeText(data, Number(field.dataset['composedFrom']), field.value.length, 'end');
        const inputType = 'insertCompositionText';
        field.dispatchEvent(new InputEvent('input', { bubbles: true, isComposing: true, data, inputType }));
      }, text),
    commit,
    commitWithEnter: async () => {
      await commit();
      await evaluate(() => {
        const key = { key: 'Enter', code: 'Enter', keyCode: 229, bubbles: true, cancelable: true };
        document.activeElement?.dispatchEvent(new KeyboardEvent('keydown', key));
        document.activeElement?.dispatchEvent(new KeyboardEvent('keyup', { ...key, keyCode: 13 }));
      }, undefined);
    },
  };
}
