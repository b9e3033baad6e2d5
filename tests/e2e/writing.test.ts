import * as fc from 'fast-check';
import type { Page } from 'playwright-core';
import { expect, test } from 'vitest';
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
