import type { Browser } from 'playwright-core';
import { afterAll, beforeAll } from 'vitest';
import { startBrowser } from './browser.ts';
import { type ServerOptions, startServer, type TestServer } from './start-server.ts';
import { enter, visit, type Visitor, type VisitorOptions } from './visitor.ts';

/**
 * A server, a browser, and ways to open the web client in it. Its visitors ask for less motion unless `isStill` is false:
 * without a graphics card the processor draws every frame, and animations were a third of what pages cost.
 */
export interface Web {
  readonly server: TestServer;
  readonly url: string;
  readonly browser: Browser;
  /** Opens the web client in a new browser profile, at the sign-in page. */
  visit(options?: VisitorOptions): Promise<Visitor>;
  /** Opens the web client as a guest. */
  enter(name: string, options?: VisitorOptions): Promise<Visitor>;
  /**
   * Opens the web client as a guest whose page is kept for all tests of the file: opening a page is most of what a
   * short test costs.
   */
  enterToStay(name: string, options?: VisitorOptions): Promise<Visitor>;
}

/** Starts a server and a browser before the tests of a file, and closes both after them, with all pages. */
export function useWeb(serverOptions: ServerOptions = {}): Web {
  let started: { server: TestServer; browser: Browser } | undefined;
  beforeAll(async () => {
    const [server, browser] = await Promise.all([startServer(serverOptions), startBrowser()]);
    started = { server, browser };
  });
  afterAll(async () => {
    await started?.browser.close();
    await started?.server[Symbol.asyncDispose]();
  });
  const now = () => {
    if (!started) throw new Error('Nothing is started before the first test');
    return started;
  };
  const stayed = new Map<string, Promise<Visitor>>();
  const web: Web = {
    get server() {
      return now().server;
    },
    get url() {
      return now().server.url;
    },
    get browser() {
      return now().browser;
    },
    visit: (options) => visit(web.browser, web.url, { isStill: true, ...options }),
    enter: (name, options) => enter(web.browser, web.url, name, { isStill: true, ...options }),
    enterToStay: (name, options) => {
      const visitor = stayed.get(name) ?? web.enter(name, options);
      stayed.set(name, visitor);
      return visitor;
    },
  };
  return web;
}
