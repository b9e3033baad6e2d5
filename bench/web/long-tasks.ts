import type { Browser, Page } from 'playwright-core';
import { type BusyRoom, makeBusyRoom, talkAtPace } from './busy-room.ts';
import type { Figure, Measure } from './measure.ts';
import { enterRoom } from './site.ts';

/** Turns of the wheel in one trace: one of many more would be too long for a string. */
const TRACED_TURNS = 100;

/** No task may be longer, in ms: a longer one is noticed while typing. */
const BOUND_MS = 50;

/** How much there is, and how long each part lasts. Of the log, the client only ever has some thousand messages. */
interface Amounts {
  messages: number;
  people: number;
  /** Turns of the wheel up from the end, which load thousands of messages. */
  turns: number;
  /** Twentieths of a second in which messages come. */
  times: number;
}

const full: Amounts = { messages: 100_000, people: 5000, turns: 1500, times: 200 };
const quick: Amounts = { messages: 2000, people: 300, turns: 100, times: 20 };

/** No long task in a large room: while it opens, while messages pour in, while one types, and while one scrolls through it. */
export const longTasks: Measure = {
  name: 'long-tasks',
  title: 'long tasks in a large room',
  run: async (site) => {
    const amounts = site.quick ? quick : full;
    const busy = await makeBusyRoom(site, { name: 'long tasks', ...amounts });
    await pinSome(busy);
    await using reader = await enterRoom(site, busy.room);
    const { page } = reader;
    const figures: Figure[] = [];
    for (const [what, acts] of Object.entries(parts(page, busy, amounts))) {
      let value = 0;
      for (const act of [acts].flat()) {
        // oxlint-disable-next-line no-await-in-loop -- one after the other, on one page
        value = Math.max(value, await longestTask(site.browser, page, act));
      }
      site.say(`  ${what}: ${value} ms`);
      figures.push({ what: `longest task: ${what}`, value, unit: 'ms', bound: BOUND_MS });
    }
    return figures;
  },
};

type Act = () => Promise<unknown>;

/** What is measured, in this order. What takes long is in several acts, with a trace for each. */
function parts(page: Page, busy: BusyRoom, { messages, people, turns, times }: Amounts): Record<string, Act | Act[]> {
  const log = page.getByRole('log');
  const scroll = (all: number, over: string, by: number): Act[] =>
    Array.from({ length: Math.ceil(all / TRACED_TURNS) }, () => () => turnWheel(page, over, TRACED_TURNS, by));
  const panel = page.getByRole('complementary');
  const newest = page.getByRole('article').filter({ hasText: `Message ${messages}.` });
  return {
    [`opening a room of ${messages} messages and ${people} people`]: async () => {
      await page.getByRole('link', { name: 'lobby' }).click();
      await newest.waitFor({ state: 'detached' });
      await page.getByRole('link', { name: busy.name }).click();
      await newest.waitFor();
      await panel.getByRole('listitem').nth(5).waitFor();
    },
    [`20 messages a second, with the panel of ${people} people open`]: () => talkAtPace(busy, times),
    '20 messages a second, with pinned messages over all of it': async () => {
      await openPins(page);
      await talkAtPace(busy, times);
      await page.keyboard.press('Escape');
    },
    'typing, while messages come in': async () => {
      const words = page.locator('#composer').pressSequentially('words that somebody types', { delay: 60 });
      await Promise.all([words, talkAtPace(busy, Math.min(times, 40))]);
    },
    'searching the people, while messages come in': async () => {
      const words = panel.getByRole('searchbox').pressSequentially('person 1', { delay: 60 });
      await Promise.all([words, talkAtPace(busy, Math.min(times, 40))]);
      await page.keyboard.press('Escape');
    },
    'scrolling through the people': scroll(turns / 5, 'aside li', 600),
    'scrolling up through thousands of messages': scroll(turns, '[role=log]', -3000),
    'scrolling down through them': scroll(turns, '[role=log]', 3000),
    '20 messages a second, read from far above': async () => {
      await turnWheel(page, '[role=log]', 40, -3000);
      await talkAtPace(busy, times);
    },
    'to the end, by the button': async () => {
      await log.locator('..').getByRole('button', { name: /new/i }).last().click();
      await page.waitForTimeout(500);
    },
    'to the first message, and through those after it': [
      async () => {
        await openPins(page);
        await page.getByRole('dialog').getByRole('button', { name: /go to/i }).last().click();
        await page.getByRole('article').filter({ hasText: 'Message 1.' }).waitFor();
      },
      ...scroll(turns / 5, '[role=log]', 3000),
    ],
    'Home and End': async () => {
      for (const key of ['Home', 'End', 'Home', 'End']) {
        await page.getByRole('article').last().focus();
        await page.keyboard.press(key);
        await page.waitForTimeout(1000);
      }
    },
  };
}

async function openPins(page: Page): Promise<void> {
  await page
    .getByRole('button', { name: /pinned/i })
    .first()
    .click();
  await page.getByRole('dialog').waitFor();
}

/** Pins some messages, the first of the room before the others. */
async function pinSome({ room, talkers }: BusyRoom): Promise<void> {
  const owner = talkers[0]!;
  const path = `/rooms/${room}/messages?after=0&limit=20`;
  const { messages } = await owner.call<{ messages: { id: string }[] }>('GET', path);
  for (const { id } of messages) {
    // oxlint-disable-next-line no-await-in-loop -- in this order
    await owner.call('POST', `/messages/${id}/pin`);
  }
}

async function turnWheel(page: Page, over: string, turns: number, by: number): Promise<void> {
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
async function longestTask(browser: Browser, page: Page, act: Act): Promise<number> {
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
