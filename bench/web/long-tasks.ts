import type { Browser, Page } from 'playwright-core';
import { startRestGuest } from '../../tests/support/rest-guest.ts';
import type { Figure, Measure } from './measure.ts';
import { enterRoom, fillRoom, type Site } from './site.ts';

/** No task may be longer, in ms: a longer one is noticed while typing. */
const BOUND_MS = 50;

/** How many guests are created at a time. */
const AT_ONCE = 50;

/** No long task in a large room: while messages pour in, while one types, and while one scrolls through it. */
export const longTasks: Measure = {
  name: 'long-tasks',
  title: 'long tasks in a large room',
  run: async (site) => {
    const people = site.quick ? 300 : 5000;
    const { room, talker } = await fillRoom(site, 'long tasks', site.quick ? 120 : 1000);
    await crowd(site, room, people);
    await using reader = await enterRoom(site, room);
    const { page } = reader;
    await page.getByRole('complementary').getByRole('listitem').nth(5).waitFor();
    const longest = async (what: string, act: () => Promise<unknown>): Promise<Figure> => {
      const value = await longestTask(site.browser, page, act);
      site.say(`  ${what}: ${value} ms`);
      return { what: `longest task with ${people} people: ${what}`, value, unit: 'ms', bound: BOUND_MS };
    };
    return [
      await longest('20 messages a second, with the panel of people open', () =>
        pace(site.quick ? 20 : 200, (index) => talker.say(`pouring in ${index}`, room)),
      ),
      await longest('typing, while messages come in', () =>
        Promise.all([
          page.locator('#composer').pressSequentially('words that somebody types', { delay: 60 }),
          pace(site.quick ? 20 : 40, (index) => talker.say(`meanwhile ${index}`, room)),
        ]),
      ),
      await longest('scrolling up through the room', () => scroll(page, '[role=log]', site.quick ? 20 : 150, -600)),
      await longest('scrolling through the people', () => scroll(page, 'aside li', site.quick ? 10 : 200, 600)),
    ];
  },
};

/** Adds guests to a room. */
async function crowd(site: Site, room: string, people: number): Promise<void> {
  for (let begun = 0; begun < people; begun += AT_ONCE) {
    // oxlint-disable-next-line no-await-in-loop -- not all at once
    await Promise.all(
      Array.from({ length: Math.min(AT_ONCE, people - begun) }, async (_, index) => {
        const guest = await startRestGuest(site.url, `person ${begun + index}`);
        await guest.call('POST', `/rooms/${room}/join`);
      }),
    );
  }
}

/** Does something twenty times a second. */
async function pace(times: number, act: (index: number) => Promise<void>): Promise<void> {
  const all: Promise<void>[] = [];
  for (let index = 0; index < times; index += 1) {
    all.push(act(index));
    // oxlint-disable-next-line no-await-in-loop -- at this pace
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  await Promise.all(all);
}

async function scroll(page: Page, over: string, turns: number, by: number): Promise<void> {
  await page.locator(over).first().hover();
  for (let turn = 0; turn < turns; turn += 1) {
    // oxlint-disable-next-line no-await-in-loop -- one turn of the wheel after the other
    await page.mouse.wheel(0, by);
    // oxlint-disable-next-line no-await-in-loop
    await page.evaluate(() => new Promise((resolve) => requestAnimationFrame(resolve)));
  }
}

interface TraceEvent {
  name: string;
  pid: number;
  tid: number;
  /** Of the thread, in µs: what other processes took of the processor does not count. */
  tdur?: number;
  args?: { name?: string };
}

/** The longest task of a page's main thread while something happens, in ms of the processor. */
async function longestTask(browser: Browser, page: Page, act: () => Promise<unknown>): Promise<number> {
  await browser.startTracing(page, { categories: ['disabled-by-default-devtools.timeline'] });
  await act();
  await page.waitForTimeout(300);
  const { traceEvents } = JSON.parse((await browser.stopTracing()).toString()) as { traceEvents: TraceEvent[] };
  const threads = traceEvents.filter(({ name, args }) => name === 'thread_name' && args?.name === 'CrRendererMain');
  const mains = new Set(threads.map(({ pid, tid }) => `${pid} ${tid}`));
  const tasks = traceEvents.filter(({ name, pid, tid }) => name === 'RunTask' && mains.has(`${pid} ${tid}`));
  if (tasks.length === 0) throw new Error('The trace has no task');
  return Math.round(Math.max(...tasks.map(({ tdur = 0 }) => tdur)) / 1000);
}
