import * as fc from 'fast-check';
import type { Page } from 'playwright-core';
import { describe, expect, test } from 'vitest';
import { startRestGuest } from '../support/rest-guest.ts';
import { messageOf, say } from '../support/visitor.ts';
import { useWeb } from '../support/web.ts';
import { isWhole, writingRows, writtenText } from '../support/writing.ts';

const web = useWeb({ flags: ['--limits', 'off'] });
const writer = async () => (await web.enterToStay('글쓴이')).page;

/** So many messages are in the page together. */
const AT_ONCE = 8;

/** Types texts, and resolves to what is seen of each, in the notation of docs/writing.md, and to what can be copied. */
async function type(page: Page, typed: string[]): Promise<{ seen: string; copied: string }[]> {
  const shown: { seen: string; copied: string }[] = [];
  for (let from = 0; from < typed.length; from += AT_ONCE) {
    const texts = typed.slice(from, from + AT_ONCE);
    for (const text of texts) await say(page, text);
    const end = `끝 ${from}.`;
    await say(page, end);
    await page.locator('article[data-delivery="sent"]').getByText(end, { exact: true }).waitFor();
    shown.push(...(await page.evaluate(readTexts, texts.length)));
  }
  return shown;
}

/** Runs in the page: reads the messages before the last one. */
function readTexts(count: number): { seen: string; copied: string }[] {
  const tags: Record<string, string> = {
    STRONG: 'b',
    EM: 'i',
    S: 's',
    CODE: 'code',
    A: 'a',
    BLOCKQUOTE: 'q',
    LI: 'li',
  };
  const notate = (node: Node): string => {
    if (!(node instanceof HTMLElement)) return node.textContent ?? '';
    if (node.tagName === 'BR') return '';
    const parts = Array.from(node.childNodes, notate);
    if (node.querySelector(':scope > pre')) return `<pre>${parts.join('\n')}</pre>`;
    if (node.tagName === 'PRE') return node.textContent ?? '';
    const isBlock = ['BLOCKQUOTE', 'UL'].includes(node.tagName) || 'testid' in node.dataset;
    const inner = parts.join(isBlock ? '\n' : '');
    const tag = tags[node.tagName];
    return tag ? `<${tag}>${inner}</${tag}>` : inner;
  };
  const texts = [...document.querySelectorAll<HTMLElement>('article [data-testid="text"]')].slice(-count - 1, -1);
  return texts.map((text) => {
    const selection = getSelection() as Selection;
    selection.selectAllChildren(text);
    const copied = selection.toString();
    selection.removeAllRanges();
    return { seen: notate(text), copied };
  });
}

test('each row of docs/writing.md is seen as it says', async () => {
  const rows = writingRows('writing.md');
  const shown = await type(
    await writer(),
    rows.map(({ typed }) => typed),
  );
  const seen = rows.map(({ typed }, index) => ({ typed, seen: shown[index]?.seen }));
  expect(seen).toEqual(rows);
}, 120_000);

test('of any text, a copy has every visible character, in order, apart from the marks', async () => {
  const texts = fc.sample(writtenText, { numRuns: 200, seed: 7 }).filter((text) => /[\p{L}\p{N}]/u.test(text));
  const some = texts.slice(0, 40);
  const shown = await type(await writer(), some);
  const broken = some.filter((typed, index) => !isWhole(shown[index]?.copied ?? '', typed));
  expect(broken).toEqual([]);
}, 60_000);

test('links lead to the address, in a new tab, and tell it nothing', async () => {
  const page = await writer();
  await say(page, '[링크](https://example.org/회의록) 둘: www.example.org에서');
  const links = messageOf(page, '링크 둘: www.').getByRole('link');
  await links.nth(1).waitFor();
  expect(await links.evaluateAll((all) => all.map((each) => (each as HTMLAnchorElement).href))).toEqual([
    'https://example.org/%ED%9A%8C%EC%9D%98%EB%A1%9D',
    'https://www.example.org/',
  ]);
  for (const link of await links.all()) {
    expect(await link.getAttribute('target')).toBe('_blank');
    expect(await link.getAttribute('rel')).toContain('noopener');
  }
});

test('a text that shows nothing is not sent', async () => {
  const page = await writer();
  const composer = page.locator('#composer');
  for (const text of ['\u200b', '\u3164\n\u3164', '\u2800 ', ' \n ']) {
    await composer.fill(text);
    expect(await page.getByRole('button', { name: '보내기' }).isDisabled(), JSON.stringify(text)).toBe(true);
    await composer.press('Enter');
    expect(await composer.inputValue()).toBe(text);
  }
  await composer.fill('\u200b보이는 글');
  expect(await page.getByRole('button', { name: '보내기' }).isEnabled()).toBe(true);
  await composer.fill('');
});

describe('a long message', () => {
  const lines = (count: number) => Array.from({ length: count }, (_, index) => `${index % 10}`).join('\n');
  const topOf = async (page: Page, selector: string) => (await page.locator(selector).last().boundingBox())?.y ?? NaN;

  test('is folded; unfolding moves nothing that was read, and folding not the button', async () => {
    const page = await writer();
    const guest = await startRestGuest(web.url, '긴 글');
    await guest.say(`처음\n${lines(2000)}`);
    await guest.say('뒤따르는 말');
    await messageOf(page, '뒤따르는 말').waitFor();
    const message = messageOf(page, '처음');
    expect((await message.boundingBox())?.height).toBeLessThan(500);
    const text = 'article:has-text("처음") [data-testid="text"]';
    const before = await topOf(page, text);
    const more = message.getByRole('button', { name: '더 보기' });
    expect(await more.getAttribute('aria-expanded')).toBe('false');
    await more.focus();
    await page.keyboard.press('Enter');
    const less = message.getByRole('button', { name: '접기' });
    await less.waitFor();
    expect(await less.getAttribute('aria-expanded')).toBe('true');
    await expect.poll(() => topOf(page, text)).toBeCloseTo(before, -0.5);
    expect((await message.boundingBox())?.height).toBeGreaterThan(40_000);

    // The row leaves the page and comes back as it was.
    await page.getByRole('button', { name: '최신 메시지로' }).click();
    await messageOf(page, '뒤따르는 말').waitFor();
    await less.scrollIntoViewIfNeeded();
    await page.waitForTimeout(200);
    const button = (await less.boundingBox())?.y as number;
    await less.click();
    await more.waitFor();
    await expect.poll(async () => (await more.boundingBox())?.y).toBeCloseTo(button, -0.5);
  });

  test('opens when the Tab key comes to a link that is not shown', async () => {
    const page = await writer();
    const guest = await startRestGuest(web.url, '긴 글과 링크');
    await guest.say(`링크까지\nhttps://example.org/1\n${lines(60)}\nhttps://example.org/2`);
    const message = messageOf(page, '링크까지');
    await message.getByRole('link').first().focus();
    expect(await message.getByRole('button', { name: '더 보기' }).count()).toBe(1);
    await page.keyboard.press('Tab');
    await message.getByRole('button', { name: '접기' }).waitFor();
  });

  test.each([
    ['90 quotes deep', `${'> '.repeat(90)}깊은 인용`],
    ['one word of 4,000 letters', 'w'.repeat(4000)],
    ['2,000 lines', lines(2000)],
  ])('%s can be read on a phone', async (_what, text) => {
    const { page } = await web.enterToStay('전화', { isPhone: true, language: 'en', theme: 'dark' });
    const room = page.getByRole('link', { name: /lobby/ });
    if (await room.isVisible()) await room.click();
    const guest = await startRestGuest(web.url, `긴 ${text.length}`);
    await guest.say(text);
    const message = page.getByRole('article').last();
    await expect.poll(() => message.textContent()).toContain(text.slice(-30));
    const box = await message.boundingBox();
    expect(box?.height).toBeLessThan(600);
    expect(box?.width).toBeLessThanOrEqual(390);
    expect(await message.evaluate((each) => each.scrollWidth <= each.clientWidth)).toBe(true);
    const buttons = message.getByRole('button', { name: 'Show more' });
    expect(await buttons.count()).toBe(text.startsWith('>') ? 0 : 1);
    for (const button of await buttons.all()) expect((await button.boundingBox())?.height).toBeGreaterThanOrEqual(44);
  });
});

test('marks stacked on a letter stay in their row', async () => {
  const page = await writer();
  const guest = await startRestGuest(web.url, '부호');
  await guest.say('윗줄');
  const above = messageOf(page, '윗줄').getByTestId('text');
  await above.waitFor();
  await guest.say('아래');
  await messageOf(page, '아래').waitFor();
  const edit = async (text: string) => {
    await guest.call('PATCH', `/messages/${await messageOf(page, '아래').getAttribute('data-message')}`, { text });
    await messageOf(page, text).waitFor();
    await page.waitForTimeout(200);
  };
  // Edited before too, so that only the marks make a difference.
  await edit('아래 Z.');
  const before = await above.screenshot();
  await edit(`아래 Z${'\u0301\u0302\u0303'.repeat(60)}`);
  await expect.poll(async () => (await above.screenshot()).equals(before)).toBe(true);
});
