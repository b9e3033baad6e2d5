import type { Locator, Page } from 'playwright-core';
import { beforeAll, beforeEach, expect, test } from 'vitest';
import { type RestGuest, startRestGuest } from '../support/rest-guest.ts';
import { useWeb } from '../support/web.ts';

/** More than a page: what is selected first is no longer near what is selected last. */
const MESSAGES = 90;

const web = useWeb({ flags: ['--limits', 'off'] });
let other: RestGuest;
let room: string;
let page: Page;
const ids: string[] = [];

beforeAll(async () => {
  other = await startRestGuest(web.url, '이야기꾼');
  room = (await other.call<{ room: { id: string } }>('POST', '/rooms', { name: '긴 방' })).room.id;
  for (let index = 1; index <= MESSAGES; index++) ids.push(await write(`이야기 ${index}. **굵게** 끝`));
  ({ page } = await web.enterToStay('베끼는 이'));
  const { origin } = new URL(web.url);
  await page.request.post(`${web.url}/api/rooms/${room}/join`, { headers: { Origin: origin }, data: {} });
  await page.addInitScript(() => {
    // As on a page that came over plain HTTP.
    Object.defineProperty(navigator, 'clipboard', { value: undefined, configurable: true });
    addEventListener('paste', ({ clipboardData }) => {
      Object.assign(globalThis, { pasted: clipboardData?.getData('text/html') });
    });
  });
}, 60_000);

beforeEach(async () => {
  await page.goto(`${web.url}/#/r/${room}`);
  await page.reload();
  await textOf(MESSAGES).waitFor();
});

test('the mouse selects over messages that leave the page; a copy has names, times and texts in order', async () => {
  await drag(textOf(MESSAGES), 20);
  const { text, html } = await copied();
  expect(numbersIn(text)).toEqual(numbers(20, MESSAGES));
  const parts = text.split('\n\n');
  for (const part of parts) expect(part).toMatch(/^이야기꾼 \[\d{4}년 .+ \d+:\d\d\]\n/);
  expect(parts[1]).toMatch(/\n이야기 21\. \*\*굵게\*\* 끝$/);
  expect(html).toMatch(/<strong>이야기꾼<\/strong> <time datetime="[^"]+">[^<]+<\/time><\/p><p>이야기 21\./);
});

test('a click and a click with Shift, far apart, select all between', async () => {
  await textOf(MESSAGES).click();
  await wheelTo(30);
  await textOf(30).click({ modifiers: ['Shift'], position: { x: 1, y: 5 } });
  expect(numbersIn((await copied()).text)).toEqual(numbers(30, MESSAGES));
});

test('keys select whole messages and pages of them, and Ctrl+A all that are loaded', async () => {
  const article = page.getByRole('article').last();
  await article.focus();
  // Faster than the browser tells of a selection.
  await article.evaluate(async (element) => {
    for (let times = 0; times < 2; times += 1) {
      const target = document.activeElement ?? element;
      target.dispatchEvent(
        new KeyboardEvent('keydown', { key: 'ArrowUp', shiftKey: true, bubbles: true, cancelable: true }),
      );
      await Promise.resolve();
    }
  });
  await expect.poll(focused).toBe(MESSAGES - 2);
  await expect.poll(selectedEnds).toEqual([MESSAGES, MESSAGES - 2]);
  await page.keyboard.press('Shift+ArrowDown');
  await expect.poll(selectedEnds).toEqual([MESSAGES, MESSAGES - 1]);
  for (let turn = 0; turn < 4; turn += 1) {
    const before = await focused();
    await page.keyboard.press('Shift+PageUp');
    await expect.poll(focused).toBeLessThan(before - 5);
  }
  const top = await focused();
  await expect.poll(selectedEnds).toEqual([MESSAGES, top]);
  expect(numbersIn((await copied()).text)).toEqual(numbers(top, MESSAGES));

  await page.getByRole('article').last().focus();
  await page.keyboard.press('Control+a');
  await expect.poll(async () => (await selectedEnds())[1]).toBe(MESSAGES);
  const [first] = await selectedEnds();
  expect(first).toBeLessThanOrEqual(MESSAGES - 49);
  expect(numbersIn((await copied()).text)).toEqual(numbers(first as number, MESSAGES));
});

test('messages that come, change or go meanwhile are copied as they are now', async () => {
  await drag(textOf(MESSAGES), 40);
  await other.call('PATCH', `/messages/${ids[59]}`, { text: '이야기 60. 고침' });
  await other.call('PATCH', `/messages/${ids[MESSAGES - 1]}`, { text: `이야기 ${MESSAGES}. 끝에서 고침` });
  await other.call('DELETE', `/messages/${ids[69]}`);
  await other.say('이야기 999. 나중에', room);
  await page.getByRole('button', { name: '새 메시지 1개' }).waitFor();
  const { text } = await copied();
  const parts = text.split('\n\n');
  expect(parts).toHaveLength(MESSAGES - 39);
  expect(parts[20]).toMatch(/\n이야기 60\. 고침$/);
  expect(parts[30]).toMatch(/\n삭제된 메시지입니다$/);
  expect(parts.at(-1)).toContain(`이야기 ${MESSAGES}.`);
  expect(text).not.toContain('999');
});

test('a copy within one message is its text alone: as typed, if it is whole', async () => {
  const text = textOf(80);
  await wheelTo(80);
  const box = (await text.boundingBox())!;
  await text.click({ clickCount: 3 });
  expect((await copied()).text.trim()).toBe('이야기 80. **굵게** 끝');
  await page.mouse.move(box.x + 1, box.y + 5);
  await page.mouse.down();
  await page.mouse.move(box.x + 30, box.y + 5, { steps: 3 });
  await page.mouse.up();
  expect('이야기 80. 굵게 끝').toContain((await copied()).text);
});

/** Selects from the end of a text up to the beginning of an earlier one, wheeling while the button is down. */
async function drag(from: Locator, to: number): Promise<void> {
  const box = (await from.boundingBox())!;
  await page.mouse.move(box.x + box.width - 2, box.y + box.height - 3);
  await page.mouse.down();
  await page.mouse.move(box.x + 20, box.y - 60, { steps: 3 });
  await wheelTo(to);
  const target = (await textOf(to).boundingBox())!;
  await page.mouse.move(target.x + 20, target.y + 6, { steps: 3 });
  await page.mouse.move(target.x + 1, target.y + 6);
  await page.mouse.up();
}

/** Wheels up until a message is in sight. */
async function wheelTo(index: number): Promise<void> {
  const log = (await page.getByRole('log').boundingBox())!;
  await page.mouse.move(log.x + 300, log.y + 300);
  const isInSight = async () => {
    const box = (await textOf(index).count()) > 0 ? await textOf(index).boundingBox() : null;
    return box !== null && box.y > log.y + 40 && box.y + box.height < log.y + log.height - 40;
  };
  for (let turn = 0; turn < 100 && !(await isInSight()); turn += 1) {
    await page.mouse.wheel(0, -250);
    await page.evaluate(() => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve))));
  }
  // The wheel has come to rest.
  await expect.poll(() => page.getByRole('log').evaluate(restedAt)).toBe(true);
}

/** Runs in the page. */
function restedAt(log: Element): Promise<boolean> {
  const top = log.scrollTop;
  return new Promise((resolve) => setTimeout(() => resolve(log.scrollTop === top), 100));
}

/** What Ctrl+C has copied. */
async function copied(): Promise<{ text: string; html: string }> {
  await page.keyboard.press('Control+c');
  const composer = page.locator('#composer');
  await composer.fill('');
  await composer.press('Control+v');
  const html = await page.evaluate(() => (globalThis as { pasted?: string }).pasted ?? '');
  const text = await composer.inputValue();
  await composer.fill('');
  return { text, html };
}

function textOf(index: number): Locator {
  return page
    .getByRole('article')
    .getByTestId('text')
    .filter({ hasText: `이야기 ${index}.` });
}

/** The number of the message that has the focus. */
async function focused(): Promise<number> {
  const text = await page.evaluate(() => document.activeElement?.textContent ?? '');
  return Number(/이야기 (\d+)\./.exec(text)?.[1]);
}

/** The numbers of the messages at the ends of the selection: where it began, where it goes to. */
async function selectedEnds(): Promise<number[]> {
  return page.evaluate(() => {
    const { anchorNode, focusNode } = getSelection() as Selection;
    return [anchorNode, focusNode].map((node) => {
      const element = node instanceof Element ? node : node?.parentElement;
      return Number(/이야기 (\d+)\./.exec(element?.closest('article')?.textContent ?? '')?.[1]);
    });
  });
}

function numbersIn(text: string): number[] {
  return [...text.matchAll(/이야기 (\d+)\./g)].map(([, index]) => Number(index));
}

function numbers(from: number, to: number): number[] {
  return Array.from({ length: to - from + 1 }, (_, index) => from + index);
}

async function write(text: string): Promise<string> {
  const sent = await other.call<{ message: { id: string } }>('POST', `/rooms/${room}/messages`, { text });
  return sent.message.id;
}
