import type { Browser, BrowserContextOptions, Locator, Page } from 'playwright-core';

/** How a visitor's page is set up. */
export interface VisitorOptions {
  language?: 'ko' | 'en';
  theme?: 'light' | 'dark';
  /** A phone: a small touch screen. */
  isPhone?: boolean;
  /** The visitor's device asks for less motion: nothing is animated. */
  isStill?: boolean;
  /** The test sets the time zone; Korea's otherwise. */
  isTravelling?: boolean;
  /** Changes the page before it is opened, such as a browser API in it. */
  prepare?: (page: Page) => Promise<unknown>;
  /** The browser keeps the web client for offline use. Costs time, and hides requests from `page.route`. */
  isKept?: boolean;
}

/** A person using the web client, in their own browser profile. */
export interface Visitor extends AsyncDisposable {
  page: Page;
  /** Errors on the page, and violations of its content security policy. Should stay empty. */
  problems: string[];
}

/** Opens the web client in a new browser profile. */
export async function visit(browser: Browser, url: string, options: VisitorOptions = {}): Promise<Visitor> {
  const visitor = await newVisitor(browser, options);
  await visitor.page.goto(url);
  return visitor;
}

/**
 * Opens the web client as a guest. The session's cookie is set before the page is opened, since filling in the form
 * would cost every test another page load. `session.test.ts` fills it in.
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
  if (!answer.ok()) throw new Error(`${name} can't sign in: ${answer.status()} ${await answer.text()}`);
  await page.goto(url);
  await page.getByRole('navigation').or(page.getByRole('log')).first().waitFor();
  return visitor;
}

/** A visitor whose page is still empty. */
export async function newVisitor(browser: Browser, options: VisitorOptions): Promise<Visitor> {
  const { language = 'ko', theme = 'light', isPhone = false, isStill = false, isKept = false } = options;
  const settings: BrowserContextOptions = {
    locale: language === 'ko' ? 'ko-KR' : 'en-US',
    colorScheme: theme,
    reducedMotion: isStill ? 'reduce' : 'no-preference',
    ...(!options.isTravelling && { timezoneId: 'Asia/Seoul' }),
    serviceWorkers: isKept ? 'allow' : 'block',
    viewport: isPhone ? { width: 390, height: 844 } : { width: 1280, height: 800 },
    ...(isPhone && { isMobile: true, hasTouch: true, deviceScaleFactor: 2 }),
  };
  const context = await browser.newContext(settings);
  context.setDefaultTimeout(15_000);
  const page = await context.newPage();
  await options.prepare?.(page);
  const problems: string[] = [];
  page.on('pageerror', (error) => problems.push(String(error)));
  page.on('console', (message) => {
    // The browser itself reports that it can't reach a server that was stopped on purpose.
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

/** The newest message in the conversation that contains a text. */
export function messageOf(page: Page, text: string | RegExp): Locator {
  return page.getByRole('article').filter({ hasText: text }).last();
}

/** Opens the actions of a message and presses one of them. */
export async function act(page: Page, text: string, action: RegExp): Promise<void> {
  const message = messageOf(page, text);
  await message.hover();
  await message.getByRole('button', { name: action }).first().click();
}
