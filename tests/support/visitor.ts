import type { Browser, BrowserContextOptions, Locator, Page } from 'playwright-core';

/** How a visitor's page is. */
export interface VisitorOptions {
  language?: 'ko' | 'en';
  theme?: 'light' | 'dark';
  /** A phone: small, and touched. */
  isPhone?: boolean;
}

/** A person at the web client, in a browser profile of their own. */
export interface Visitor extends AsyncDisposable {
  page: Page;
  /** What the page complained of: errors, and what the content security policy refused. Should stay empty. */
  problems: string[];
}

/** Opens the web client in a profile of its own. */
export async function visit(browser: Browser, url: string, options: VisitorOptions = {}): Promise<Visitor> {
  const visitor = await newVisitor(browser, options);
  await visitor.page.goto(url);
  return visitor;
}

/**
 * Opens the web client as a guest. The session's cookie is there before the page is: to fill in the form each time would
 * cost every test a page more. `session.test.ts` fills it in.
 */
export async function enter(
  browser: Browser,
  url: string,
  name: string,
  options: VisitorOptions = {},
): Promise<Visitor> {
  const visitor = await newVisitor(browser, options);
  const { page } = visitor;
  const { origin, pathname } = new URL(url);
  const api = `${origin}${pathname.replace(/\/?$/, '/')}api/session`;
  const answer = await page.request.post(api, { headers: { Origin: origin }, data: { name } });
  if (!answer.ok()) throw new Error(`${name} can't come in: ${answer.status()} ${await answer.text()}`);
  await page.goto(url);
  await page.getByRole('navigation').or(page.getByRole('log')).first().waitFor();
  return visitor;
}

async function newVisitor(browser: Browser, options: VisitorOptions): Promise<Visitor> {
  const { language = 'ko', theme = 'light', isPhone = false } = options;
  const settings: BrowserContextOptions = {
    locale: language === 'ko' ? 'ko-KR' : 'en-US',
    colorScheme: theme,
    timezoneId: 'Asia/Seoul',
    viewport: isPhone ? { width: 390, height: 844 } : { width: 1280, height: 800 },
    ...(isPhone && { isMobile: true, hasTouch: true, deviceScaleFactor: 2 }),
  };
  const context = await browser.newContext(settings);
  context.setDefaultTimeout(15_000);
  const page = await context.newPage();
  const problems: string[] = [];
  page.on('pageerror', (error) => problems.push(String(error)));
  page.on('console', (message) => {
    // A server that was stopped on purpose can't be reached: the browser says so by itself.
    const isExpected = /Failed to load resource|WebSocket connection to|ERR_CONNECTION/.test(message.text());
    if (message.type() === 'error' && !isExpected) problems.push(message.text());
  });
  return { page, problems, [Symbol.asyncDispose]: () => context.close() };
}

/** Writes a message and sends it with Enter. */
export async function say(page: Page, text: string): Promise<void> {
  const composer = page.locator('#composer');
  await composer.fill(text);
  await composer.press('Enter');
}

/** A message in the conversation, by words of its text; the newest of several. */
export function messageOf(page: Page, text: string | RegExp): Locator {
  return page.getByRole('article').filter({ hasText: text }).last();
}

/** Opens the actions of a message and presses one. */
export async function act(page: Page, text: string, action: RegExp): Promise<void> {
  const message = messageOf(page, text);
  await message.hover();
  await message.getByRole('button', { name: action }).first().click();
}
