import type { Browser } from 'playwright-core';
import { startBrowser } from '../../tests/support/browser.ts';
import { type RestGuest, startRestGuest } from '../../tests/support/rest-guest.ts';
import { startServer, type TestServer } from '../../tests/support/start-server.ts';
import { enter, type Visitor, type VisitorOptions } from '../../tests/support/visitor.ts';

/** What a measure works with: a server of its own, without limits of rates, and a browser. */
export interface Site {
  server: TestServer;
  url: string;
  browser: Browser;
  /** Measure less, in a few seconds. */
  quick: boolean;
  /** Prints a line about the progress. */
  say: (line: string) => void;
}

/** Starts what the measures need; disposing ends it. */
export async function startSite(options: Pick<Site, 'quick' | 'say'>): Promise<Site & AsyncDisposable> {
  const server = await startServer({ flags: ['--limits', 'off'] });
  const browser = await startBrowser();
  return {
    ...options,
    server,
    url: server.url,
    browser,
    [Symbol.asyncDispose]: async () => {
      await browser.close();
      await server[Symbol.asyncDispose]();
    },
  };
}

/** A room, the guest who made it, and its messages' ids in order. */
export interface FilledRoom {
  room: string;
  talker: RestGuest;
  ids: readonly string[];
}

/** Makes a room with messages of one line, three lines and several wrapped ones, numbered from 1. */
export async function fillRoom(site: Site, name: string, messages: number): Promise<FilledRoom> {
  const talker = await startRestGuest(site.url, `${name} talker`);
  const { room } = await talker.call<{ room: { id: string } }>('POST', '/rooms', { name });
  const ids: string[] = [];
  for (let index = 1; index <= messages; index += 1) {
    // oxlint-disable-next-line no-await-in-loop -- they stand in this order
    const { message } = await talker.call<{ message: { id: string } }>('POST', `/rooms/${room.id}/messages`, {
      text: numberedText(index),
    });
    ids.push(message.id);
  }
  return { room: room.id, talker, ids };
}

/** The text of such a message. */
export function numberedText(index: number): string {
  const more = index % 7 === 0 ? '\nthe second line\n셋째 줄' : index % 5 === 0 ? ' 긴 말 and more'.repeat(25) : '';
  return `Message ${index}.${more}`;
}

/** Opens the web client in a room, as a new guest. */
export async function enterRoom(site: Site, room: string, options: VisitorOptions = {}): Promise<Visitor> {
  const visitor = await enter(site.browser, site.url, 'reader', { language: 'en', ...options });
  const { page } = visitor;
  await page.request.post(`${site.url}/api/rooms/${room}/join`, { headers: { Origin: site.url }, data: {} });
  // tsx names the functions that a page is given with this.
  await page.addInitScript('globalThis.__name = (named) => named');
  await page.goto(`${site.url}/#/r/${room}`);
  await page.reload();
  await page.getByRole('article').last().waitFor();
  return visitor;
}
