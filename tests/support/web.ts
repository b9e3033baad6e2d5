import type { Browser } from 'playwright-core';
import { afterAll, beforeAll } from 'vitest';
import { startBrowser } from './browser.ts';
import { type ServerOptions, startServer, type TestServer } from './start-server.ts';
import { enter, visit, type Visitor, type VisitorOptions } from './visitor.ts';

/** A server and a browser, and whoever comes to the web client. */
export interface Web {
  readonly server: TestServer;
  readonly url: string;
  readonly browser: Browser;
  /** Opens the web client in a profile of its own, at the gate. */
  visit(options?: VisitorOptions): Promise<Visitor>;
  /** Opens the web client as a guest. */
  enter(name: string, options?: VisitorOptions): Promise<Visitor>;
  /** Opens the web client as a guest who stays for all of the file's cases: a page is most of what a short case costs. */
  enterToStay(name: string, options?: VisitorOptions): Promise<Visitor>;
}

/** Starts a server and a browser before a file's cases, and ends them, and who has stayed, after them. */
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
    if (!started) throw new Error('Nothing is started before the first case');
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
    visit: (options) => visit(web.browser, web.url, options),
    enter: (name, options) => enter(web.browser, web.url, name, options),
    enterToStay: (name, options) => {
      const visitor = stayed.get(name) ?? web.enter(name, options);
      stayed.set(name, visitor);
      return visitor;
    },
  };
  return web;
}
