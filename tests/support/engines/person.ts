import { expect } from 'vitest';
import type { EnginePage } from './engine.ts';

/** How long an engine may take to show something, in ms. */
const SHOWN_MS = 20_000;

/** An element: the last one that a selector finds and that contains a text. */
type Place = readonly [selector: string, text?: string];

/** Waits until an element is visible. */
export async function see(page: EnginePage, ...place: Place): Promise<void> {
  await expect.poll(() => page.evaluate(isVisible, place), { timeout: SHOWN_MS, message: place.join(' ') }).toBe(true);
}

/** Waits until no such element is visible. */
export async function seeNot(page: EnginePage, ...place: Place): Promise<void> {
  await expect.poll(() => page.evaluate(isVisible, place), { timeout: SHOWN_MS, message: place.join(' ') }).toBe(false);
}

/** How many elements a selector finds that contain a text. */
export function count(page: EnginePage, ...place: Place): Promise<number> {
  return page.evaluate(
    ([selector, text = '']) =>
      [...document.querySelectorAll(selector)].filter((each) => each.textContent.includes(text)).length,
    place,
  );
}

/** What is in a text field. */
export function valueOf(page: EnginePage, selector: string): Promise<string | undefined> {
  return page.evaluate((at) => document.querySelector<HTMLTextAreaElement>(at)?.value, selector);
}

/** Clicks on an element, once it is there, at rest, and covered by nothing. */
export async function clickOn(page: EnginePage, ...place: Place): Promise<void> {
  let point: { x: number; y: number } | null = null;
  await expect
    .poll(async () => (point = await page.evaluate(pointOf, place)), { timeout: SHOWN_MS, message: place.join(' ') })
    .not.toBeNull();
  const { x, y } = point!;
  await page.click(x, y);
}

/** Writes a message in the composer and sends it with Enter. */
export async function say(page: EnginePage, text: string): Promise<void> {
  await clickOn(page, '#composer');
  await page.type(text);
  await page.press('Enter');
  await see(page, 'article', text);
}

function isVisible([selector, text = '']: Place): boolean {
  return [...document.querySelectorAll(selector)].some(
    (each) => each.textContent.includes(text) && each.getClientRects().length > 0,
  );
}

/** The middle of an element that has been there for two frames, if a click there would reach it. */
async function pointOf([selector, text = '']: Place): Promise<{ x: number; y: number } | null> {
  const element = [...document.querySelectorAll(selector)].findLast((each) => each.textContent.includes(text));
  if (!element) return null;
  element.scrollIntoView({ block: 'nearest' });
  const before = element.getBoundingClientRect();
  await new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)));
  const { left, top, width, height } = element.getBoundingClientRect();
  if (left !== before.left || top !== before.top) return null;
  const [x, y] = [Math.round(left + width / 2), Math.round(top + height / 2)];
  return element.contains(document.elementFromPoint(x, y)) ? { x, y } : null;
}
