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
    for (let round = 0; round < (site.quick ? 1 : 5); round += 1) {
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      times.push(await loadTime(site, room, cookies));
    }
    times.sort((a, b) => a - b);
    const value = Math.round(times[Math.floor(times.length / 2)] ?? 0);
    return [
      { what: 'a phone on slow 4G, from the link to its messages, nothing cached', value, unit: 'ms', bound: 2500 },
    ];
  },
};

/** One first load, in ms from the navigation on. */
async function loadTime(site: Site, room: string, cookies: Cookie[]): Promise<number> {
  const context = await site.browser.newContext({ ...PHONE, serviceWorkers: 'block', locale: 'en' });
  try {
    await context.addCookies(cookies);
    const page = await context.newPage();
    const devtools = await context.newCDPSession(page);
    await devtools.send('Network.emulateNetworkConditions', SLOW_4G);
    await devtools.send('Emulation.setCPUThrottlingRate', { rate: SLOWER });
    await page.goto(`${site.url}/#/r/${room}`, { waitUntil: 'commit' });
    await page.getByRole('article').filter({ hasText: 'Message 60.' }).waitFor();
    return await page.evaluate(() => performance.now());
  } finally {
    await context.close();
  }
}
