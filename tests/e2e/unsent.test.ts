import type { Page } from 'playwright-core';
import { describe, expect, test, vi } from 'vitest';
import { stored } from '../support/kept.ts';
import { startRestGuest } from '../support/rest-guest.ts';
import { act, messageOf, say } from '../support/visitor.ts';
import { useWeb } from '../support/web.ts';

// A user who sends all of this would meet the limits.
const web = useWeb({ flags: ['--limits', 'off'] });

// Each goes through many steps, and on a busy machine through them slowly.
vi.setConfig({ testTimeout: 90_000 });

const composer = (page: Page) => page.locator('#composer');
const editor = (page: Page) => page.getByLabel('메시지 수정');

/** Opens the same address in another tab, and waits for a field there. */
async function anotherTab(page: Page, field = /메시지 쓰기/): Promise<Page> {
  const other = await page.context().newPage();
  await other.goto(page.url());
  await other.getByLabel(field).first().waitFor();
  return other;
}

/** A user with two tabs, which are kept for all tests of the file. */
async function twoTabs(): Promise<{ one: Page; two: Page }> {
  const { page: one } = await web.enterToStay('두 탭');
  const two = one.context().pages()[1] ?? (await anotherTab(one));
  return { one, two };
}

const written = (page: Page, text: string) => expect.poll(() => composer(page).inputValue()).toBe(text);

/** Sends a message and opens its editor. */
async function beginEdit(page: Page, text: string): Promise<void> {
  await say(page, text);
  await page.locator('article[data-delivery="sent"]', { hasText: text }).waitFor();
  await act(page, text, /^수정$/);
  await editor(page).waitFor();
}

describe('a draft in two tabs', () => {
  test('is the same in both; sent or emptied in one, it is gone in the other, and sent once', async () => {
    const { one, two } = await twoTabs();
    await composer(one).pressSequentially('함께');
    await written(two, '함께');
    await composer(two).pressSequentially(' 쓰는 글');
    await written(one, '함께 쓰는 글');
    await one.locator('a[data-room="lobby"]').getByTitle('쓰던 글이 있습니다').waitFor();
    await composer(two).press('Enter');
    await written(one, '');
    await composer(one).press('Enter');
    await one.locator('a[data-room="lobby"]').getByTitle('쓰던 글이 있습니다').waitFor({ state: 'detached' });
    await messageOf(one, '함께 쓰는 글').waitFor();
    expect(await one.getByRole('article').filter({ hasText: '함께 쓰는 글' }).count()).toBe(1);
    await composer(one).pressSequentially('지울 글');
    await written(two, '지울 글');
    await composer(two).fill('');
    await written(one, '');
  });

  test('text that is written instead of all of it does not take it from the tab that wrote it', async () => {
    const { one, two } = await twoTabs();
    await composer(one).pressSequentially('첫째 탭의 글');
    await written(two, '첫째 탭의 글');
    await say(two, '둘째 탭의 글');
    await messageOf(one, '둘째 탭의 글').waitFor();
    await written(one, '첫째 탭의 글');
    await one.reload();
    await composer(one).waitFor();
    await written(one, '첫째 탭의 글');
    await composer(one).fill('');
    await written(two, '');
  });

  test('neither disturbs a composition in the other', async () => {
    const { one, two } = await twoTabs();
    await composer(one).focus();
    const cdp = await one.context().newCDPSession(one);
    const compose = (text: string) =>
      cdp.send('Input.imeSetComposition', { text, selectionStart: text.length, selectionEnd: text.length });
    await compose('ㅎ');
    await compose('하');
    await written(two, '하');
    await composer(two).press('End');
    await composer(two).pressSequentially('!');
    await written(two, '하!');
    await compose('한');
    await cdp.send('Input.insertText', { text: '한글' });
    await written(one, '한글');
    await one.waitForTimeout(100);
    await written(one, '한글');
    await written(two, '하!');
    await composer(one).fill('');
    await composer(two).fill('');
  });
});

describe('an edit in progress', () => {
  test('survives its row scrolled away, many new messages, another room, and a reload', async () => {
    const { page } = await web.enterToStay('고치는 이');
    const other = await startRestGuest(web.url, '말 많은 이');
    await beginEdit(page, '고칠 글');
    await editor(page).pressSequentially(' 하나');
    await Promise.all(Array.from({ length: 44 }, () => other.say('새 글\n\n\n길게')));
    await other.say('마지막 새 글');
    const toEnd = () => page.getByRole('log').evaluate((log) => (log.scrollTop = log.scrollHeight));
    const isAtEnd = async () => {
      await toEnd();
      return messageOf(page, '마지막 새 글').isVisible();
    };
    await expect.poll(isAtEnd, { timeout: 30_000 }).toBe(true);
    // Typing goes on where it was.
    await page.keyboard.type(' 둘');
    await expect.poll(() => editor(page).inputValue()).toBe('고칠 글 하나 둘');
    await toEnd();
    await page.evaluate(() => (location.hash = '#/r/nowhere'));
    await page.getByText('방을 찾을 수 없습니다').waitFor();
    await page.evaluate(() => (location.hash = '#/r/lobby'));
    await expect.poll(() => editor(page).inputValue()).toBe('고칠 글 하나 둘');
    await page.reload();
    await expect.poll(() => editor(page).inputValue()).toBe('고칠 글 하나 둘');
    await editor(page).press('Enter');
    await editor(page).waitFor({ state: 'detached' });
    await messageOf(page, '고칠 글 하나 둘').getByText('수정됨').waitFor();
  });

  test('is kept by Escape; two of them stay side by side', async () => {
    const { page } = await web.enterToStay('고치는 이');
    await beginEdit(page, '가 글');
    await editor(page).pressSequentially(' 바꿈');
    await editor(page).press('Escape');
    await messageOf(page, '가 글').getByText('저장하지 않은 수정이 있습니다').waitFor();
    await beginEdit(page, '나 글');
    await editor(page).pressSequentially(' 바꿈');
    await messageOf(page, '가 글').getByRole('button', { name: '이어서 수정' }).click();
    await expect.poll(() => editor(page).count()).toBe(2);
    expect(await editor(page).first().inputValue()).toBe('가 글 바꿈');
    expect(await editor(page).last().inputValue()).toBe('나 글 바꿈');
    await editor(page).last().press('Enter');
    await messageOf(page, '나 글 바꿈').getByText('수정됨').waitFor();
    await editor(page).press('Enter');
    await editor(page).waitFor({ state: 'detached' });
  });

  test('of a message that is deleted meanwhile says so, and keeps the text', async () => {
    const { page } = await web.enterToStay('고치는 이');
    await beginEdit(page, '사라질 글');
    await editor(page).pressSequentially(' 더하기');
    const two = await anotherTab(page);
    await two
      .getByRole('article')
      .filter({ has: editor(two) })
      .waitFor();
    const id = await page.evaluate(async () => {
      const answer = await fetch('api/rooms/lobby/messages?limit=5');
      const { messages } = (await answer.json()) as { messages: { id: string; text: string }[] };
      return messages.find(({ text }) => text === '사라질 글')?.id;
    });
    await page.evaluate((message) => fetch(`api/messages/${message}`, { method: 'DELETE' }), id);
    await page.getByText('고치는 사이에 이 메시지가 삭제되었습니다').waitFor();
    expect(await editor(page).inputValue()).toBe('사라질 글 더하기');
    await two.close();
    await page
      .getByRole('article')
      .filter({ has: editor(page) })
      .getByRole('button', { name: '버리기' })
      .click();
    await editor(page).waitFor({ state: 'detached' });
  });

  test('of a message that is edited elsewhere meanwhile never overwrites it unasked', async () => {
    const { page } = await web.enterToStay('고치는 이');
    const edit = (text: string, becomes: string) =>
      page.evaluate(
        async ([from, to]) => {
          const answer = await fetch('api/rooms/lobby/messages?limit=5');
          const { messages } = (await answer.json()) as { messages: { id: string; text: string }[] };
          const id = messages.find((each) => each.text === from)?.id;
          const body = JSON.stringify({ text: to });
          await fetch(`api/messages/${id}`, { method: 'PATCH', headers: { 'content-type': 'application/json' }, body });
        },
        [text, becomes],
      );
    await beginEdit(page, '원래 글');
    await editor(page).fill('여기서 고친 글');
    await edit('원래 글', '저기서 고친 글');
    await page.getByText('고치는 사이에 이 메시지가 다른 곳에서 수정되었습니다').waitFor();
    await editor(page).press('Enter');
    expect(await editor(page).inputValue()).toBe('여기서 고친 글');
    await page.getByRole('button', { name: '내 글로 계속하기' }).click();
    await editor(page).press('Enter');
    await messageOf(page, '여기서 고친 글').getByText('수정됨').waitFor();
  });
});

test('an edit that cannot be saved stays, and so does what is written while it is saved', async () => {
  const { page } = await web.enterToStay('고치는 이');
  await beginEdit(page, '끊긴 글');
  await editor(page).fill('끊긴 동안 고친 글');
  await page.context().setOffline(true);
  await page.getByText('인터넷에 연결되어 있지 않습니다').waitFor();
  await editor(page).press('Enter');
  await page.getByText('서버가 응답하지 않습니다').waitFor();
  expect(await editor(page).inputValue()).toBe('끊긴 동안 고친 글');
  await page.context().setOffline(false);
  // Neither offline nor connecting again.
  await expect.poll(() => page.getByRole('status', { name: '연결 상태' }).textContent()).toBe('');
  await editor(page).press('Enter');
  await messageOf(page, '끊긴 동안 고친 글').getByText('수정됨').waitFor();
});

test('what was written in a room that one is put out of is there to be copied', async () => {
  const { page } = await web.enterToStay('고치는 이');
  const owner = await startRestGuest(web.url, '방장');
  const { room } = await owner.call<{ room: { id: string } }>('POST', '/rooms', { name: '비밀 모임', kind: 'private' });
  const { user } = await page.evaluate(
    async () => (await (await fetch('api/session')).json()) as { user: { id: string } },
  );
  await owner.call('POST', `/rooms/${room.id}/members`, { user: user.id });
  await page.locator(`a[data-room="${room.id}"]`).click();
  await composer(page).fill('다 쓰지 못한 글');
  await owner.call('DELETE', `/rooms/${room.id}/members/${user.id}`);
  await page.getByText('이 방에 쓰고 보내지 않은 글입니다').waitFor();
  await page.getByRole('main').getByText('다 쓰지 못한 글').waitFor();
  await page.evaluate(() => (location.hash = '#/r/lobby'));
  await page.getByRole('button', { name: /내 메뉴/ }).click();
  await page.getByRole('menuitem', { name: /보내지 않은 글/ }).click();
  const listed = page.getByRole('dialog').getByRole('listitem').filter({ hasText: '비밀 모임' });
  await listed.getByText('다 쓰지 못한 글').waitFor();
  await listed.getByRole('button', { name: '버리기' }).click();
  await listed.waitFor({ state: 'detached' });
  await page.keyboard.press('Escape');
});

/** Whose session the browser has, by name. */
const sessionOf = (page: Page) =>
  page.evaluate(async () => {
    const answer = await fetch('api/session');
    return ((await answer.json()) as { user?: { name: string } }).user?.name;
  });

describe('a tab whose session becomes somebody else’s', () => {
  test('notices it without the other tab, at its next connection', async () => {
    await using a = await web.enter('하늘');
    const { page } = a;
    await composer(page).fill('하늘의 글');
    await page.context().setOffline(true);
    await page.getByText('인터넷에 연결되어 있지 않습니다').waitFor();
    await say(page, '끊긴 동안 하늘이 한 말');
    await composer(page).fill('하늘의 글');
    await page.context().clearCookies();
    const { origin } = new URL(web.url);
    await page.request.post(`${web.url}/api/session`, { headers: { Origin: origin }, data: { name: '구름' } });
    await page.context().setOffline(false);
    await page.getByText('이제 구름 님으로 들어와 있습니다').waitFor();
    await page.getByText('하늘의 글').waitFor();
    await page.getByText('끊긴 동안 하늘이 한 말').waitFor();
    await page.getByRole('button', { name: '구름 님으로 계속하기' }).click();
    await composer(page).waitFor();
    await say(page, '구름이 한 말');
    await page.locator('article[data-delivery="sent"]', { hasText: '구름이 한 말' }).waitFor();
    expect(await messageOf(page, '끊긴 동안 하늘이 한 말').count()).toBe(0);
  });

  test('two tabs at sign-in: each is told of the other; the first shows what was not sent, and sends nothing more', async () => {
    await using a = await web.visit();
    const { page: one } = a;
    const two = await one.context().newPage();
    await two.goto(web.url);
    await two.getByLabel('닉네임').waitFor();
    await one.getByLabel('닉네임').fill('도담');
    await one.getByRole('button', { name: '들어가기' }).click();
    await composer(one).fill('도담의 글');
    await two.getByText('다른 탭에서 도담 님으로 들어와 있습니다').waitFor();
    await two.getByLabel('닉네임').fill('라온');
    await two.getByRole('button', { name: '들어가기' }).click();
    await composer(two).waitFor();
    expect(await composer(two).inputValue()).toBe('');
    await one.getByText('이제 라온 님으로 들어와 있습니다').waitFor();
    await one.getByText('도담의 글').waitFor();
    expect(await composer(one).count()).toBe(0);
    await one.getByRole('button', { name: '라온 님으로 계속하기' }).click();
    await composer(one).waitFor();
    expect(await composer(one).inputValue()).toBe('');
    expect([...a.problems]).toEqual([]);
  });

  test('of two tabs that sign in at the same moment one goes on, and the other shows who is signed in', async () => {
    await using a = await web.visit();
    const { page: one } = a;
    const two = await one.context().newPage();
    await two.goto(web.url);
    await one.getByLabel('닉네임').fill('나란');
    await two.getByLabel('닉네임').fill('함께');
    await Promise.all([one, two].map((page) => page.getByRole('button', { name: '들어가기' }).click()));
    const stateOf = async (page: Page) => {
      const text = (await page.locator('body').textContent()) ?? '';
      const other = /(?:이제|다른 탭에서) (\S+) 님으로 들어와 있습니다/.exec(text)?.[1];
      return other ?? ((await composer(page).isVisible()) ? 'goes on' : 'neither');
    };
    // Whoever comes second is told of the first for a moment, before they are the one who goes on.
    const outcome = async () => [await sessionOf(one), await stateOf(one), await stateOf(two)].join();
    await expect.poll(outcome, { timeout: 15_000 }).toMatch(/^(나란,goes on,나란|함께,함께,goes on)$/);
    expect([...a.problems]).toEqual([]);
  });

  test('a sign-in does not end as another user who signed in meanwhile in another tab', async () => {
    await using a = await web.visit();
    const { page } = a;
    await page.route(
      '**/api/session',
      async (route) => {
        const response = await route.fetch();
        const { 'set-cookie': _, ...headers } = response.headers();
        const origin = new URL(web.url).origin;
        await page.request.post(`${web.url}/api/session`, { headers: { Origin: origin }, data: { name: '사이' } });
        await route.fulfill({ response, headers });
      },
      { times: 1 },
    );
    await page.getByLabel('닉네임').fill('늦둥이');
    await page.getByRole('button', { name: '들어가기' }).click();
    await page.getByText('그 사이에 다른 탭에서 다른 이름으로 들어와서').waitFor();
    expect(await sessionOf(page)).toBe('사이');
    // The name is free again.
    await page.getByRole('button', { name: '들어가기' }).click();
    await page.getByRole('button', { name: '내 메뉴: 늦둥이' }).waitFor();
    expect([...a.problems]).toEqual([]);
  });

  test('after signing out in another tab, the texts are there to be copied, and the next user sees none of them', async () => {
    await using a = await web.enter('마루');
    const { page: one } = a;
    const two = await anotherTab(one);
    await composer(one).fill('마루의 글');
    await written(two, '마루의 글');
    await two.getByRole('button', { name: /내 메뉴/ }).click();
    await two.getByRole('menuitem', { name: '나가기' }).click();
    await two.getByText('보내지 않은 글 1개가 있습니다. 나가면 사라집니다.').waitFor();
    await two.getByRole('alertdialog').getByRole('button', { name: '나가기' }).click();
    await one.getByText('마루 님의 세션이 끝났습니다').waitFor();
    await one.getByText('마루의 글').waitFor();
    await two.getByLabel('닉네임').fill('바다');
    await two.getByRole('button', { name: '들어가기' }).click();
    await composer(two).waitFor();
    expect(await composer(two).inputValue()).toBe('');
    expect(await two.evaluate(() => JSON.stringify(localStorage))).not.toContain('마루의 글');
  });
});

test('a session that was lost while the page was closed: its texts can be had until somebody signs in, and no longer', async () => {
  await using one = await web.enter('샛별');
  const { page } = one;
  const context = page.context();
  await composer(page).waitFor();
  await context.setOffline(true);
  await page.getByText('인터넷에 연결되어 있지 않습니다').waitFor();
  await say(page, '보내지 못한 샛별의 말');
  await composer(page).fill('샛별이 쓰던 글');
  await stored(page, '보내지 못한 샛별의 말');
  await page.goto('about:blank');
  await context.clearCookies();
  await context.setOffline(false);
  await page.goto(web.url);
  await page.getByText('샛별 님의 세션이 끝났습니다').waitFor();
  await page.getByText('보내지 않은 글 2개가 이 브라우저에 남아 있습니다').waitFor();
  // Who has opened the page may be somebody else: not before they ask.
  const texts = page.getByRole('main').getByText(/^(샛별이 쓰던 글|보내지 못한 샛별의 말)$/);
  expect(await texts.count()).toBe(0);
  await page.getByRole('button', { name: '보내지 않은 글 보기' }).click();
  expect(await texts.count()).toBe(2);
  await page.getByRole('button', { name: '글 복사' }).first().click();
  await page.getByText('복사했습니다').waitFor();

  const two = await anotherTab(page, /닉네임/);
  await two.getByText('샛별 님의 세션이 끝났습니다').waitFor();
  await page.getByLabel('닉네임').fill('노을');
  await page.getByRole('button', { name: '들어가기' }).click();
  await composer(page).waitFor();
  expect(await composer(page).inputValue()).toBe('');
  await two.getByText('다른 탭에서 노을 님으로 들어와 있습니다').waitFor();
  expect(await two.getByText(/샛별/).count()).toBe(0);
  await two.close();
  await page.goto('about:blank');
  await context.clearCookies();
  await page.goto(web.url);
  await page.getByText('노을 님의 세션이 끝났습니다').waitFor();
  expect(await page.getByText(/보내지 않은 글|샛별/).count()).toBe(0);
  expect(one.problems).toEqual([]);
});
