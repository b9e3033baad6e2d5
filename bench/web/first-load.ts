import { readFile } from 'node:fs/promises';
import type { Cookie } from 'playwright-core';
import type { Measure } from './measure.ts';
import { enterRoom, fillRoom, type Site } from './site.ts';

/** A phone on slow 4G: what Lighthouse emulates for a mobile page. Bytes a second, ms; its processor is four times slower. */
const SLOW_4G = { offline: false, latency: 150, downloadThroughput: 204_800, uploadThroughput: 93_750 };
const SLOWER = 4;

const PHONE = { viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true } as const;

/** How long a phone that has nothing of the web client yet takes until a room's messages can be read. */
export const firstLoad: Measure = {
  name: 'first-load',
  title: 'first load of a phone on slow 4G',
  run: async (site) => {
    const { room } = await fillRoom(site, 'first load', 60);
    await using visitor = await enterRoom(site, room);
    // The session, and nothing else: no cache, no service worker, no kept rooms.
    const { cookies } = await visitor.page.context().storageState();
    const times: number[] = [];
    for (let round = 0; round < (site.quick ? 1 : 7); round += 1) {
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      const { ms, waitedMs } = await firstRound(site, room, cookies);
      site.say(`  ${ms} ms, of which the page waited ${waitedMs} ms for a processor`);
      times.push(ms);
    }
    // The fastest: other programs of this machine only make it slower, also by what they take of caches and of memory.
    const value = Math.min(...times);
    return [
      { what: 'a phone on slow 4G, from the link to its messages, nothing cached', value, unit: 'ms', bound: 2500 },
    ];
  },
};

interface Round {
  /** From the navigation to the frame that shows the messages. */
  ms: number;
  /** How long the page's thread could have run meanwhile, had other programs not had the processors; 0 where the system is not Linux. */
  waitedMs: number;
}

/** One first load. */
async function firstRound(site: Site, room: string, cookies: Cookie[]): Promise<Round> {
  const context = await site.browser.newContext({ ...PHONE, serviceWorkers: 'block', locale: 'en' });
  try {
    await context.addCookies(cookies);
    const page = await context.newPage();
    // tsx names the functions that a page is given with this.
    await page.addInitScript('globalThis.__name = (named) => named');
    // By the page itself: Playwright's own looks at the page would take the slow processor's time.
    await page.addInitScript(whenShown, 'Message 60.');
    const devtools = await context.newCDPSession(page);
    await devtools.send('Network.emulateNetworkConditions', SLOW_4G);
    await devtools.send('Emulation.setCPUThrottlingRate', { rate: SLOWER });
    await page.goto(`${site.url}/#/r/${room}`, { waitUntil: 'commit' });
    const shown = await page.waitForFunction(() => (globalThis as { shownAt?: number }).shownAt, undefined, {
      polling: 500,
    });
    const ms = Math.round((await shown.jsonValue()) ?? 0);
    return { ms, waitedMs: await waitedFor(site) };
  } finally {
    await context.close();
  }
}

/** In the page: notes when the frame with the last message has been painted. */
function whenShown(text: string): void {
  const look = () => {
    const isShown = Array.from(document.querySelectorAll('article')).at(-1)?.textContent?.includes(text) === true;
    if (!isShown) return void requestAnimationFrame(look);
    // It looks before the frame is painted. The task after a frame's callbacks comes after the frame.
    return void setTimeout(() => Object.assign(globalThis, { shownAt: performance.now() }));
  };
  requestAnimationFrame(look);
}

/** How long the newest page's main thread has waited for a processor since it began, in ms. */
async function waitedFor({ browser }: Site): Promise<number> {
  const devtools = await browser.newBrowserCDPSession();
  const { processInfo } = await devtools.send('SystemInfo.getProcessInfo');
  await devtools.detach();
  const newest = Math.max(...processInfo.filter(({ type }) => type === 'renderer').map(({ id }) => id));
  const [, waitedNs] = (await readFile(`/proc/${newest}/schedstat`, 'utf8').catch(() => '0 0')).split(' ');
  return Math.round(Number(waitedNs) / 1e6);
}
