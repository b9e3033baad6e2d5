import type { Page } from 'playwright-core';
import { expect, test } from 'vitest';
import { rewritePage, textOfPage } from '../support/page-rewriter.ts';
import { startRestGuest } from '../support/rest-guest.ts';
import { act, messageOf, say } from '../support/visitor.ts';
import { useWeb } from '../support/web.ts';

const web = useWeb({ flags: ['--limits', 'off'] });

test('a page whose texts others rewrite works, and shows what another page shows', async () => {
  const other = await startRestGuest(web.url, '이웃');
  await using plain = await web.enter('손님');
  const { page: expected } = plain;
  const page = await expected.context().newPage();
  const problems: string[] = [];
  page.on('pageerror', (error) => problems.push(String(error)));
  await rewritePage(page);
  await page.goto(web.url);
  await page.getByRole('log').waitFor();
  const both = async (step: (page: Page) => Promise<unknown>) => {
    await step(page);
    await step(expected);
  };
  const same = async () => {
    await expect.poll(async () => difference(await textOfPage(page), await textOfPage(expected))).toBe('');
    expect(await textOfPage(page)).not.toContain('다시시도');
  };

  await other.say('**안녕하세요** 여러분, https://example.org 를 보세요');
  await messageOf(page, '여러분').waitFor();
  await same();
  // Without the guard the line is gone for good as soon as somebody ceases to type.
  const typing = page.getByTestId('typing');
  for (const said of ['썼습니다', '또 썼습니다']) {
    // oxlint-disable no-await-in-loop -- one after another
    await other.call('POST', '/rooms/lobby/typing', {});
    await expect.poll(() => typing.textContent()).toContain('이웃 님이 입력하고 있습니다');
    await other.say(said);
    await expect.poll(() => typing.textContent()).toBe('');
    // oxlint-enable no-await-in-loop
  }
  await say(page, '고치기 전의 글');
  await messageOf(page, '고치기 전의 글').waitFor();
  await act(page, '고치기 전의 글', /수정/);
  await page.getByRole('textbox', { name: '메시지 수정' }).fill('고친 글');
  await page.keyboard.press('Enter');
  await messageOf(expected, '고친 글').waitFor();
  await same();
  await other.call('PATCH', '/user', { name: '새 이웃' });
  await same();
  for (const each of [page, expected]) await each.mouse.move(0, 0);
  await act(page, '여러분', /반응/);
  await other.say('지울 글을 쓰기 전에');
  await say(page, '지울 글');
  await act(page, '지울 글', /삭제/);
  await page.getByRole('alertdialog').getByRole('button', { name: '삭제' }).click();
  await messageOf(expected, '삭제된 메시지').waitFor();
  await page.mouse.move(0, 0);
  await same();
  await both((each) =>
    each
      .getByRole('button', { name: /참여자 닫기|참여자 숨기기/ })
      .first()
      .click(),
  );
  await same();
  await both((each) => each.getByRole('button', { name: '참여자 보기' }).click());
  await same();
  await both((each) => each.keyboard.press('Control+k'));
  await both((each) => each.keyboard.type('이웃'));
  await both((each) => each.getByRole('option', { name: '새 이웃' }).waitFor());
  await same();
  await both((each) => each.keyboard.press('Escape'));
  await both((each) => each.getByRole('button', { name: '방 정보' }).click());
  await both((each) => each.getByRole('dialog').waitFor());
  await same();
  await both((each) => each.keyboard.press('Escape'));
  await both((each) => each.getByRole('button', { name: '방 둘러보기' }).click());
  await both((each) => each.getByRole('dialog').waitFor());
  await same();
  await both((each) => each.keyboard.press('Escape'));
  for (const [language, done] of [
    ['English', /message/i],
    ['한국어', /메시지/],
  ] as const) {
    await both((each) => each.keyboard.press('Control+,'));
    await both((each) => each.getByRole('radio', { name: language }).click());
    await same();
    await both((each) => each.keyboard.press('Escape'));
    await both((each) => each.getByRole('textbox', { name: done }).waitFor());
    await same();
  }
  expect(problems).toEqual([]);
}, 60_000);

/** Where two texts differ first; empty if they don't. */
function difference(a: string, b: string): string {
  if (a === b) return '';
  const at = Array.from(a).findIndex((letter, index) => letter !== b[index]);
  const from = Math.max(0, at < 0 ? a.length - 30 : at - 30);
  return `${a.slice(from, from + 60)} ≠ ${b.slice(from, from + 60)}`;
}
