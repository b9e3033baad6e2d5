import type { Page } from 'playwright-core';
import { startRestGuest } from '../../tests/support/rest-guest.ts';
import type { Figure, Measure } from './measure.ts';
import { type Held, shiftDuring } from './painted.ts';
import { enterRoom, type FilledRoom, fillRoom, type Site } from './site.ts';

const MESSAGES = 120;
const DESKTOP = { width: 1280, height: 800 };

/** The list never moves under somebody who reads: where nothing may move, nothing does, in any frame. */
export const layoutShift: Measure = {
  name: 'layout-shift',
  title: 'layout shift of the conversation',
  run: async (site) => {
    const filled = await fillRoom(site, 'layout shift', MESSAGES);
    await using reader = await enterRoom(site, filled.room);
    const desk: Desk = { ...filled, site, page: reader.page };
    return [...(await whileReading(desk)), ...(await atTheEnd(desk))];
  },
};

/** The reader's page, and the room in it. */
interface Desk extends FilledRoom {
  site: Site;
  page: Page;
}

/** Something that happens, and which rows must stay. */
interface Happening {
  what: string;
  held: Held;
  /** Only without `--quick`. */
  isLong?: true;
  act: (desk: Desk) => Promise<unknown>;
}

const grow = async ({ page }: Desk) => {
  await page.locator('#composer').fill(Array.from({ length: 12 }, (_, line) => `line ${line}`).join('\n'));
};
const shrink = async ({ page }: Desk) => page.locator('#composer').fill('');
const low = ({ page }: Desk) => page.setViewportSize({ ...DESKTOP, height: 480 });
const back = ({ page }: Desk) => page.setViewportSize(DESKTOP);
const narrow = ({ page }: Desk) => page.setViewportSize({ ...DESKTOP, width: 920 });
const offline = async ({ page }: Desk) => {
  await page.context().setOffline(true);
  await page.evaluate(() => window.dispatchEvent(new Event('offline')));
  await page.getByRole('status', { name: 'Connection' }).locator('div').first().waitFor();
};
const online = async ({ page }: Desk) => {
  await page.context().setOffline(false);
  await page.getByRole('status', { name: 'Connection' }).locator('div').first().waitFor({ state: 'detached' });
};
const choose =
  (name: string) =>
  async ({ page }: Desk) => {
    await page.keyboard.press('Control+k');
    const palette = page.getByRole('dialog');
    await palette.getByRole('combobox').fill(name);
    await palette.getByRole('option').filter({ hasText: name }).first().click();
    await palette.waitFor({ state: 'detached' });
  };
const largerFont = ({ page }: Desk) => page.evaluate(() => void (document.documentElement.style.fontSize = '19px'));
const usualFont = ({ page }: Desk) => page.evaluate(() => void (document.documentElement.style.fontSize = ''));
const typing = ({ talker, room, page }: Desk) =>
  Promise.all([
    talker.call('POST', `/rooms/${room}/typing`),
    page
      .getByTestId('typing')
      .getByText(/typing/)
      .waitFor(),
  ]);

/** What happens wherever one reads. */
const anywhere = (held: Held): Happening[] => [
  { what: 'the composer grows to its full height', held, act: grow },
  { what: 'the composer shrinks', held, act: shrink },
  { what: 'the window, or a keyboard, takes 320 px', held, act: low },
  { what: 'the window has them back', held, act: back },
  { what: 'the window becomes narrower', isLong: true, held: held === 'all' ? 'first' : held, act: narrow },
  { what: 'the window becomes wider', isLong: true, held: held === 'all' ? 'first' : held, act: back },
  { what: 'the connection is lost, with a banner', held, act: offline },
  { what: 'the connection is back', held, act: online },
  { what: 'another font, larger', isLong: true, held: held === 'all' ? 'first' : held, act: largerFont },
  { what: 'the usual font', isLong: true, held: held === 'all' ? 'first' : held, act: usualFont },
  { what: 'the other theme', isLong: true, held, act: choose('Dark') },
  { what: 'the other language', isLong: true, held, act: choose('한국어') },
  { what: 'the language from before', isLong: true, held, act: choose('English') },
  { what: 'somebody types', isLong: true, held, act: typing },
];

async function whileReading(desk: Desk): Promise<Figure[]> {
  await scrollToMiddle(desk);
  const visible = await visibleIds(desk);
  const first = desk.ids.indexOf(visible[0]!);
  const above = desk.ids[first - 4]!;
  const inside = visible[Math.floor(visible.length / 2)]!;
  const below = desk.ids[desk.ids.indexOf(visible.at(-1)!) + 4]!;
  const each = (where: string, message: string, held: Held): Happening[] => [
    { what: `a first reaction ${where}`, held, act: (at) => react(at, message, '👍') },
    { what: `another reaction ${where}`, isLong: true, held, act: (at) => react(at, message, '🎉') },
    {
      what: `a pin ${where}`,
      isLong: true,
      held,
      act: ({ talker }) => talker.call('POST', `/messages/${message}/pin`),
    },
    { what: `a longer edit ${where}`, held, act: (at) => edit(at, message, 'edited\n'.repeat(9)) },
    {
      what: `a message deleted ${where}`,
      isLong: true,
      held,
      act: ({ talker }) => talker.call('DELETE', `/messages/${message}`),
    },
  ];
  return measure(desk, 'in the middle', [
    ...each('above what is visible', above, 'all'),
    ...each('below what is visible', below, 'all'),
    ...each('on a visible message', inside, 'first'),
    { what: 'messages arrive', held: 'all', act: (at) => arrive(at, 5) },
    { what: 'somebody joins', isLong: true, held: 'all', act: (at) => enterAndLeave(at) },
    ...anywhere('all'),
  ]);
}

async function atTheEnd(desk: Desk): Promise<Figure[]> {
  await scrollToEnd(desk);
  const visible = await visibleIds(desk);
  const inside = visible[Math.floor(visible.length / 2)]!;
  const last = visible.at(-1)!;
  return measure(desk, 'at the end', [
    { what: 'a first reaction on the last message', held: 'end', act: (at) => react(at, last, '👍') },
    { what: 'a first reaction on a visible message', isLong: true, held: 'end', act: (at) => react(at, inside, '👍') },
    {
      what: 'a longer edit of the last message',
      isLong: true,
      held: 'end',
      act: (at) => edit(at, last, 'edited\n'.repeat(9)),
    },
    {
      what: 'the last message deleted',
      isLong: true,
      held: 'end',
      act: ({ talker }) => talker.call('DELETE', `/messages/${last}`),
    },
    { what: 'messages arrive', held: 'end', act: (at) => arrive(at, 5) },
    ...anywhere('end'),
  ]);
}

async function measure(desk: Desk, where: string, happenings: readonly Happening[]): Promise<Figure[]> {
  const figures: Figure[] = [];
  for (const { what, held, isLong, act } of happenings) {
    if (isLong && desk.site.quick) continue;
    // oxlint-disable-next-line no-await-in-loop -- one after the other
    const value = await shiftDuring(desk.page, held, () => act(desk));
    figures.push({ what: `layout shift ${where}: ${what}`, value, unit: 'px', bound: 0 });
    desk.site.say(`  ${where}: ${what}: ${value} px`);
  }
  return figures;
}

/** Scrolls up by hand until the middle of the room is visible, and everything around it is loaded. */
async function scrollToMiddle({ page }: Desk): Promise<void> {
  await page.getByRole('log').hover();
  for (let turn = 0; turn < 8; turn += 1) {
    // oxlint-disable-next-line no-await-in-loop -- one turn of the wheel after the other
    await page.mouse.wheel(0, -300);
    // oxlint-disable-next-line no-await-in-loop
    await page.waitForTimeout(60);
  }
  await page.waitForTimeout(600);
  await page.mouse.move(640, 10);
}

async function scrollToEnd({ page }: Desk): Promise<void> {
  await page.getByRole('button', { name: /new message|newest/i }).click();
  await page.getByRole('button', { name: /new message|newest/i }).waitFor({ state: 'detached' });
}

/** The ids of the messages that are entirely visible. */
async function visibleIds({ page }: Desk): Promise<string[]> {
  return page.evaluate(() => {
    const log = document.querySelector('[role=log]') as HTMLElement;
    const box = log.getBoundingClientRect();
    return [...log.querySelectorAll<HTMLElement>('article[data-message]')].flatMap((row) => {
      const { top, bottom } = row.getBoundingClientRect();
      return top >= box.top && bottom <= box.bottom ? [row.dataset['message'] as string] : [];
    });
  });
}

async function react({ talker }: Desk, message: string, emoji: string): Promise<unknown> {
  return talker.call('POST', `/messages/${message}/reactions`, { emoji });
}

async function edit({ talker }: Desk, message: string, text: string): Promise<unknown> {
  return talker.call('PATCH', `/messages/${message}`, { text });
}

async function arrive({ talker, room }: Desk, count: number): Promise<void> {
  for (let index = 0; index < count; index += 1) {
    // oxlint-disable-next-line no-await-in-loop -- one after the other
    await talker.say(`arrived ${index}\nwith a second line`, room);
  }
}

async function enterAndLeave({ site, room }: Desk): Promise<void> {
  const guest = await startRestGuest(site.url, `passer ${Date.now()}`);
  await guest.call('POST', `/rooms/${room}/join`);
  await guest.call('POST', `/rooms/${room}/leave`);
}
