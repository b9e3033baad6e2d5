import { describe, expect, test } from 'vitest';
import { countRenders, takeRendered } from '../support/renders.ts';
import { act, messageOf, say } from '../support/visitor.ts';
import { useWeb } from '../support/web.ts';

// A user who sends all of this would meet the limits.
const web = useWeb({ flags: ['--limits', 'off'] });
const first = () => web.enterToStay('새벽별');
const second = () => web.enterToStay('고구마');

describe('two people talk', () => {
  test('each sees the other’s messages at once, and that the other is typing', async () => {
    const one = await first();
    const two = await second();
    await say(one.page, '안녕하세요!');
    await messageOf(two.page, '안녕하세요!').waitFor();
    await say(two.page, '반갑습니다 **정말로**');
    expect(await messageOf(one.page, '반갑습니다').locator('strong').textContent()).toBe('정말로');
    await two.page.locator('#composer').pressSequentially('쓰는 중', { delay: 1100 });
    await one.page.getByText('고구마 님이 입력하고 있습니다').waitFor();
    await two.page.locator('#composer').press('Enter');
    await messageOf(one.page, '쓰는 중').waitFor();
    await one.page.getByText('고구마 님이 입력하고 있습니다').waitFor({ state: 'detached' });
    expect([...one.problems, ...two.problems]).toEqual([]);
  });

  test('a message is shown before the server has answered, and only once', async () => {
    const one = await first();
    await say(one.page, '먼저 보입니다');
    await messageOf(one.page, '먼저 보입니다').waitFor();
    await one.page.locator('article[data-delivery="sent"]', { hasText: '먼저 보입니다' }).waitFor();
    expect(await one.page.getByRole('article').filter({ hasText: '먼저 보입니다' }).count()).toBe(1);
  });

  test('Shift+Enter breaks the line, Enter sends', async () => {
    const one = await first();
    await one.page.locator('#composer').pressSequentially('첫 줄');
    await one.page.keyboard.press('Shift+Enter');
    await one.page.keyboard.insertText('둘째 줄');
    await one.page.keyboard.press('Enter');
    expect(await messageOf(one.page, '첫 줄').getByTestId('text').innerText()).toBe('첫 줄\n둘째 줄');
    expect(await one.page.locator('#composer').inputValue()).toBe('');
  });
});

describe('a message', () => {
  test('is edited by its author, and the others see it', async () => {
    const one = await first();
    const two = await second();
    await say(one.page, '오타가 있슴니다');
    await act(one.page, '오타가 있슴니다', /^수정$/);
    await one.page.getByLabel('메시지 수정').fill('오타를 고쳤습니다');
    await one.page.keyboard.press('Enter');
    await messageOf(two.page, '오타를 고쳤습니다').getByText('수정됨').waitFor();
    expect(await messageOf(two.page, '있슴니다').count()).toBe(0);
  });

  test('ArrowUp in an empty composer edits the user’s last one; Escape cancels and returns to the composer', async () => {
    const one = await first();
    await say(one.page, '마지막 말');
    await one.page.locator('article[data-delivery="sent"]', { hasText: '마지막 말' }).waitFor();
    await one.page.locator('#composer').press('ArrowUp');
    const editor = one.page.getByLabel('메시지 수정');
    await editor.fill('바꾸지 않을 말');
    await editor.press('Escape');
    await messageOf(one.page, '마지막 말').waitFor();
    expect(await one.page.evaluate(() => document.activeElement?.id)).toBe('composer');
  });

  test('is deleted after confirmation, and leaves a placeholder', async () => {
    const one = await first();
    const two = await second();
    await say(one.page, '지울 말');
    await messageOf(two.page, '지울 말').waitFor();
    await act(one.page, '지울 말', /^삭제$/);
    await one.page.getByRole('alertdialog').getByRole('button', { name: '취소' }).click();
    await messageOf(one.page, '지울 말').waitFor();
    await act(one.page, '지울 말', /^삭제$/);
    await one.page.getByRole('alertdialog').getByRole('button', { name: '삭제' }).click();
    await two.page.getByText('삭제된 메시지입니다').last().waitFor();
    expect(await messageOf(two.page, '지울 말').count()).toBe(0);
  });

  test("others' messages have no buttons to edit or delete", async () => {
    const one = await first();
    const two = await second();
    await say(one.page, '남의 말');
    await messageOf(two.page, '남의 말').hover();
    await messageOf(two.page, '남의 말').getByRole('toolbar').waitFor();
    expect(
      await messageOf(two.page, '남의 말')
        .getByRole('button', { name: /^(수정|삭제)$/ })
        .count(),
    ).toBe(0);
  });

  test('takes reactions: a quick one, and one found by a Korean word, which can be removed', async () => {
    const one = await first();
    const two = await second();
    await say(one.page, '반응을 달아 주세요');
    await act(two.page, '반응을 달아 주세요', /👍/);
    const mine = messageOf(one.page, '반응을 달아 주세요').getByRole('button', { name: '👍 1명: 고구마' });
    await mine.click();
    await messageOf(two.page, '반응을 달아 주세요')
      .getByRole('button', { name: /👍 2명/ })
      .waitFor();
    await messageOf(one.page, '반응을 달아 주세요')
      .getByRole('button', { name: /👍 2명/, pressed: true })
      .click();
    await messageOf(two.page, '반응을 달아 주세요').getByRole('button', { name: '👍 1명: 고구마' }).waitFor();

    await act(two.page, '반응을 달아 주세요', /^반응 달기$/);
    await two.page.getByRole('searchbox', { name: '이모지 찾기' }).fill('고양이');
    await two.page.getByRole('gridcell').first().click();
    await messageOf(one.page, '반응을 달아 주세요')
      .getByRole('button', { name: /1명: 고구마/ })
      .nth(1)
      .waitFor();
    expect([...one.problems, ...two.problems]).toEqual([]);
  });

  test('can contain anything hostile and stays text; nothing is loaded from elsewhere', async () => {
    const one = await first();
    const asked: string[] = [];
    one.page.on('request', (request) => {
      if (!request.url().startsWith(web.url)) asked.push(request.url());
    });
    const hostile = [
      '<img src=x onerror="document.title=1">',
      '![x](https://evil.example/track.png)',
      '[눌러](javascript:document.title=1)',
      '<svg/onload=alert(1)>',
      '<a href="javascript:alert(1)">a</a>',
      '<style>*{display:none}</style>',
      '[x](data:text/html,<script>alert(1)</script>)',
    ];
    for (const text of hostile) await say(one.page, text);
    await say(one.page, '[좋은 링크](https://example.com/a)와 https://a.kr/b에서');
    await messageOf(one.page, '좋은 링크').waitFor();
    const log = one.page.getByRole('log');
    expect(await log.locator('img, svg[onload], script, style, iframe, [onerror]').count()).toBe(0);
    const links = await log
      .locator('article a')
      .evaluateAll((all) =>
        all.map((each) => [each.getAttribute('href'), each.getAttribute('rel'), each.getAttribute('target')]),
      );
    // An image becomes a link to it: nothing is fetched unless the reader opens it.
    expect(links).toEqual([
      ['https://evil.example/track.png', 'noopener noreferrer nofollow', '_blank'],
      ['https://example.com/a', 'noopener noreferrer nofollow', '_blank'],
      ['https://a.kr/b', 'noopener noreferrer nofollow', '_blank'],
    ]);
    expect(asked).toEqual([]);
    expect(one.problems).toEqual([]);
  });

  test('that is too long is not sent, and the composer says by how many bytes', async () => {
    const one = await first();
    await one.page.locator('#composer').fill('가'.repeat(2731));
    await one.page.getByText('1바이트 초과').waitFor();
    expect(await one.page.getByRole('button', { name: '보내기' }).isDisabled()).toBe(true);
    await one.page.locator('#composer').fill('가'.repeat(2730));
    await one.page.getByText('2바이트 남음').waitFor();
    expect(await one.page.getByRole('button', { name: '보내기' }).isEnabled()).toBe(true);
  });

  test('that is unfinished is kept for its room, even across a reload', async () => {
    const one = await first();
    await one.page.locator('#composer').fill('아직 쓰는 글');
    await one.page.reload();
    await one.page.locator('#composer').waitFor();
    expect(await one.page.locator('#composer').inputValue()).toBe('아직 쓰는 글');
  });
});

test('typing and presence render no message again; a reaction renders one, and a new message itself and the Tab stop it takes', async () => {
  const one = await first();
  const two = await second();
  const { page } = one;
  await countRenders(page);
  await page.reload();
  for (const text of ['하나', '둘', '셋']) await say(two.page, text);
  await messageOf(page, '셋').waitFor();
  // What follows a message (it is measured, and marked as read) is over.
  await page.waitForTimeout(500);
  const renders = async (happen: () => Promise<unknown>) => {
    await takeRendered(page);
    await happen();
    await page.waitForTimeout(300);
    return takeRendered(page);
  };
  const keyOf = (text: string) => messageOf(page, text).getAttribute('data-message');

  const typing = async () => {
    await two.page.locator('#composer').pressSequentially('음');
    await page.getByTestId('typing').getByText('고구마').waitFor();
  };
  expect(await renders(typing)).toEqual([]);
  const people = page.getByRole('complementary');
  const coming = async () => {
    await using three = await web.enter('지나가는 이');
    await people.getByText('지나가는 이').waitFor();
    await three.page.close();
    await people.getByRole('heading', { name: /오프라인/ }).waitFor();
  };
  expect(await renders(coming)).toEqual([]);

  const reacting = async () => {
    await act(two.page, '하나', /👍/);
    await messageOf(page, '하나').getByRole('button', { name: /👍/ }).waitFor();
  };
  expect(await renders(reacting)).toEqual([await keyOf('하나')]);
  await two.page.locator('#composer').fill('');
  const saying = async () => {
    await say(two.page, '넷');
    await messageOf(page, '넷').waitFor();
  };
  expect(new Set(await renders(saying))).toEqual(new Set([await keyOf('셋'), await keyOf('넷')]));
});
