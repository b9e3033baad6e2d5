import type { Page } from 'playwright-core';
import { beforeAll, expect, test } from 'vitest';
import { type RestGuest, startRestGuest } from '../support/rest-guest.ts';
import { topOfSight } from '../support/scrolling.ts';
import { type Finger, fingerOn } from '../support/touch.ts';
import { messageOf, type Visitor } from '../support/visitor.ts';
import { useWeb } from '../support/web.ts';

const web = useWeb();
/** Answers pages of older messages with an error, while it is true. */
let isFailing = true;
let other: RestGuest;
let one: Visitor;
let page: Page;
let finger: Finger;

beforeAll(async () => {
  other = await startRestGuest(web.url, '이웃');
  for (let n = 0; n < 70; n += 1) await other.say(`지난 말 ${n}`);
  await other.say('```\n가로로 긴 코드\n```');
  await other.say('오래 누를 말');
  one = await web.enterToStay('손가락', { isPhone: true, isStill: false, prepare: failPages });
  ({ page } = one);
  finger = await fingerOn(page);
});

const list = () => page.getByRole('navigation', { name: '내 방' });
const sheet = () => page.getByRole('dialog', { name: '메시지 메뉴' });
const notice = () => page.getByTestId('older');
const left = () => page.locator('main').evaluate((main) => Math.round(main.getBoundingClientRect().left));

async function failPages(target: Page): Promise<void> {
  await target.routeWebSocket(/\/ws$/, (ws) => {
    const upstream = ws.connectToServer();
    ws.onMessage((frame) => {
      const { id, method, params } = JSON.parse(String(frame));
      const isOlder = method === 'message.list' && params.before !== undefined;
      if (isFailing && isOlder) ws.send(JSON.stringify({ id, error: { code: -32603, message: 'Not now' } }));
      else upstream.send(frame);
    });
    upstream.onMessage((frame) => ws.send(frame));
  });
}

async function openRoom(): Promise<void> {
  await page.getByRole('link', { name: /lobby/ }).tap();
  await page.locator('#composer').waitFor();
  await messageOf(page, '오래 누를 말').waitFor();
}

/** The middle of a message's text. */
async function middleOf(text: string): Promise<{ x: number; y: number }> {
  const box = await messageOf(page, text).getByTestId('text').boundingBox();
  if (!box) throw new Error(`${text} is not in the page`);
  return { x: box.x + 20, y: box.y + box.height / 2 };
}

test('a swipe from the room follows the finger, may turn round, and leads to the list', async () => {
  await openRoom();
  await finger.to({ x: 80, y: 300 });
  await finger.to({ x: 240, y: 306 });
  await expect.poll(left).toBe(160);
  // Below it is the list, for the eyes only.
  expect(await page.locator('a[data-room]').first().isVisible()).toBe(true);
  expect(await list().count()).toBe(0);
  await finger.to({ x: 110, y: 306 });
  await finger.leave();
  await expect.poll(left).toBe(0);
  await expect.poll(() => page.locator('a[data-room]').count()).toBe(0);

  await finger.to({ x: 80, y: 300 });
  await finger.to({ x: 300, y: 306 });
  await finger.cancel();
  await expect.poll(left).toBe(0);
  expect(await page.locator('#composer').isVisible()).toBe(true);

  await finger.to({ x: 80, y: 300 });
  await finger.to({ x: 330, y: 310 });
  await finger.leave();
  await list().waitFor();
  await page.goForward();
  await page.locator('#composer').waitFor();
});

test('a swipe at the edge, up and down, over code, in a field or with text selected is not ours', async () => {
  const stays = async (from: { x: number; y: number }, to: { x: number; y: number }, why: string) => {
    await finger.to(from);
    await finger.to(to);
    expect(await left(), why).toBe(0);
    await finger.leave();
  };
  await stays({ x: 8, y: 300 }, { x: 330, y: 300 }, 'the edge belongs to the browser');
  await stays({ x: 100, y: 250 }, { x: 180, y: 500 }, 'that is scrolling');
  await page.getByRole('button', { name: '최신 메시지로' }).tap();
  await stays({ x: 100, y: 300 }, { x: 20, y: 300 }, 'that is the other way');
  const code = messageOf(page, '가로로 긴 코드').locator('pre');
  await code.evaluate((pre) => {
    pre.style.overflowX = 'auto';
    pre.append(Object.assign(document.createElement('div'), { style: 'width: 2000px; height: 1px' }));
  });
  const box = await code.boundingBox();
  const y = (box?.y ?? 0) + 8;
  await stays({ x: 100, y }, { x: 330, y }, 'code is scrolled');
  const field = await page.locator('#composer').boundingBox();
  await stays({ x: 60, y: (field?.y ?? 0) + 10 }, { x: 330, y: (field?.y ?? 0) + 10 }, 'a field has its own');
  await page.evaluate(() => getSelection()?.selectAllChildren(document.querySelector('h1') as Element));
  await stays({ x: 80, y: 300 }, { x: 330, y: 300 }, 'the ends of a selection are moved');
  await page.evaluate(() => getSelection()?.removeAllRanges());
});

test('a swipe takes a panel away, and only that', async () => {
  await page.getByRole('button', { name: '참여자 보기' }).tap();
  const panel = page.getByRole('complementary', { name: '참여자' });
  await panel.getByText('손가락').waitFor();
  await finger.to({ x: 80, y: 500 });
  await finger.to({ x: 200, y: 500 });
  expect(await left()).toBe(0);
  await expect.poll(async () => (await panel.boundingBox())?.x).toBe(120);
  await finger.to({ x: 340, y: 500 });
  await finger.leave();
  await panel.waitFor({ state: 'detached' });
  expect(await page.locator('#composer').isVisible()).toBe(true);
});

test('a long press opens the actions of a message, and so does the menu key', async () => {
  await finger.to(await middleOf('오래 누를 말'));
  await sheet().waitFor();
  await finger.leave();
  await sheet().getByRole('button', { name: '👍 반응 달기' }).tap();
  await messageOf(page, '오래 누를 말').getByRole('button', { name: '👍 1명: 손가락' }).waitFor();
  await sheet().waitFor({ state: 'detached' });

  // A finger that moves scrolls.
  const at = await middleOf('오래 누를 말');
  await finger.to(at);
  await finger.to({ x: at.x, y: at.y - 60 });
  await finger.leave();
  expect(await sheet().count()).toBe(0);

  await messageOf(page, '오래 누를 말').focus();
  await page.keyboard.press('ContextMenu');
  await sheet().getByRole('button', { name: '🙏 반응 달기' }).tap();
  await messageOf(page, '오래 누를 말').getByRole('button', { name: '🙏 1명: 손가락' }).waitFor();
  await messageOf(page, '오래 누를 말').focus();
  await page.keyboard.press('Shift+F10');
  await sheet().waitFor();
  // Below it nothing moves.
  await finger.to({ x: 80, y: 700 });
  await finger.to({ x: 330, y: 700 });
  expect(await left()).toBe(0);
  await finger.leave();
  await page.keyboard.press('Escape');
  await sheet().waitFor({ state: 'detached' });
  expect(await messageOf(page, '오래 누를 말').evaluate((row) => row === document.activeElement)).toBe(true);
});

test('what one wrote is edited and deleted from the sheet, and text is selected from there', async () => {
  await page.locator('#composer').fill('고칠 말');
  await page.getByRole('button', { name: '보내기' }).tap();
  await page.locator('article[data-delivery="sent"]', { hasText: '고칠 말' }).waitFor();
  const press = async (text: string, action: string) => {
    await finger.to(await middleOf(text));
    await sheet().waitFor();
    await finger.leave();
    await sheet().getByRole('button', { name: action }).tap();
  };
  await press('고칠 말', '글 골라서 복사');
  await expect.poll(() => page.evaluate(() => getSelection()?.toString())).toBe('고칠 말');
  await page.evaluate(() => getSelection()?.removeAllRanges());
  await press('고칠 말', '수정');
  const editor = page.getByRole('textbox', { name: '메시지 수정' });
  await expect.poll(() => editor.evaluate((field) => field === document.activeElement)).toBe(true);
  await editor.fill('고친 말');
  await page.getByRole('button', { name: '저장' }).tap();
  await messageOf(page, '고친 말').getByText('수정됨').waitFor();
  await press('고친 말', '삭제');
  await page.getByRole('alertdialog').getByRole('button', { name: '삭제' }).tap();
  await page.getByText('삭제된 메시지입니다').waitFor();
  await finger.to({ x: 150, y: 500 });
  await finger.leave();
});

test('a pull at the upper end loads older messages, or says why there are none', async () => {
  const pull = async () => {
    await finger.to({ x: 190, y: 200 });
    await finger.to({ x: 190, y: 340 });
  };
  await list().or(page.locator('#composer')).first().waitFor();
  await page.getByRole('button', { name: '방 목록으로' }).tap();
  await list().waitFor();
  await openRoom();
  const log = page.getByRole('log');
  await expect.poll(() => log.evaluate((element) => (element.scrollTop = 0))).toBe(0);
  await notice().getByText('지난 메시지를 불러오지 못했습니다.').waitFor();
  await pull();
  await finger.leave();
  await notice().getByRole('button', { name: '다시 시도' }).waitFor();
  isFailing = false;
  await pull();
  await finger.leave();
  await expect.poll(() => log.evaluate((element) => element.scrollTop)).toBeGreaterThan(0);
  await expect
    .poll(async () => {
      await log.evaluate((element) => (element.scrollTop = 0));
      return page
        .getByText('lobby 방이 시작되는 곳')
        .or(page.getByRole('heading', { level: 2 }))
        .count();
    })
    .toBe(1);
  await pull();
  await notice().getByText('이보다 오래된 메시지는 없습니다.').waitFor();
  await finger.leave();
  await notice().waitFor({ state: 'detached' });
});

test('an on-screen keyboard over the page covers nothing that is needed', async () => {
  await page.getByRole('button', { name: '최신 메시지로' }).tap();
  const cover = (height: number | undefined) =>
    page.evaluate((px) => {
      const seen = visualViewport as VisualViewport;
      if (px === undefined) delete (seen as { height?: number }).height;
      else Object.defineProperty(seen, 'height', { get: () => px, configurable: true });
      seen.dispatchEvent(new Event('resize'));
    }, height);
  const bottom = (selector: string) =>
    page
      .locator(selector)
      .last()
      .evaluate((element) => element.getBoundingClientRect().bottom);
  await page.locator('#composer').tap();
  const newest = page.getByRole('article').last();
  await cover(500);
  await expect.poll(() => bottom('#composer')).toBeLessThan(500);
  await expect.poll(() => bottom('article')).toBeLessThan((await bottom('#composer')) - 20);
  expect(await newest.isVisible()).toBe(true);
  await cover(undefined);
  await expect.poll(() => bottom('#composer')).toBeGreaterThan(700);
  await page.getByRole('button', { name: '방 목록으로' }).tap();
  await list().getByRole('button', { name: '방 만들기' }).tap();
  const topic = page.getByRole('dialog').getByRole('textbox').last();
  await topic.tap();
  await cover(420);
  await expect.poll(() => topic.evaluate((field) => field.getBoundingClientRect().bottom)).toBeLessThan(420);
  await expect.poll(() => bottom('dialog')).toBeLessThanOrEqual(420);
  await cover(undefined);
  await page.keyboard.press('Escape');
});

test('a short word does not stand alone on a line, whatever is written beside it', async () => {
  const texts = {
    Japanese: 'Hi 今日は天気がとても良いのでみんなで公園へ散歩に行きませんかお弁当も持って行きましょう',
    Chinese: 'Hi 你好今天天气怎么样我们一起去公园散步吧带上午饭和饮料下午三点在车站见面',
    Mixed: '안녕 Hi 今日は天気がとても良いのでみんなで公園へ散歩に行きませんかお弁当も持って行きましょう',
    Korean: '오늘은 날씨가 참 좋으니 다 함께 공원으로 산책하러 가지 않으시겠어요 여러분 Hi',
    English: 'This is a fairly long English sentence that goes on to a second line with Hi',
  };
  for (const text of Object.values(texts)) await other.say(text); // oxlint-disable-line no-await-in-loop -- in order
  await openRoom();
  await messageOf(page, texts.English).waitFor();
  const wide = page.viewportSize();
  for (let width = 320; width <= 400; width += 8) {
    // oxlint-disable no-await-in-loop -- one after another
    await page.setViewportSize({ width, height: 844 });
    const alone = await page.evaluate((all) => {
      return Object.entries(all).flatMap(([language, text]) => {
        const element = [...document.querySelectorAll('[data-testid=text]')].find((each) => each.textContent === text);
        if (!element) return [`${language} is not in the page`];
        const letters = document.createTreeWalker(element, NodeFilter.SHOW_TEXT);
        const tops = new Map<number, string>();
        for (let node = letters.nextNode(); node; node = letters.nextNode()) {
          for (let at = 0; at < (node.nodeValue ?? '').length; at += 1) {
            const range = document.createRange();
            range.setStart(node, at);
            range.setEnd(node, at + 1);
            const line = Math.round(range.getBoundingClientRect().bottom / 12);
            tops.set(line, (tops.get(line) ?? '') + range.toString());
          }
        }
        const lines = [...tops.values()].map((line) => line.trim());
        return lines.length > 1 && lines.some((line) => /^(안녕 )?Hi$/.test(line))
          ? [`${language}: ${lines.join(' | ')}`]
          : [];
      });
    }, texts);
    expect(alone, `at ${width} px`).toEqual([]);
    // oxlint-enable no-await-in-loop
  }
  if (wide) await page.setViewportSize(wide);
  await page.getByRole('button', { name: '방 목록으로' }).tap();
});

test('turning the phone keeps the draft and the place', async () => {
  await openRoom();
  await page.locator('#composer').fill('아직 보내지 않은 말');
  await page.getByRole('log').evaluate((log) => (log.scrollTop -= 900));
  await page.getByRole('button', { name: '최신 메시지로' }).waitFor();
  const [before] = await topOfSight(page);
  for (const [width, height] of [
    [844, 390],
    [390, 844],
  ] as const) {
    // oxlint-disable no-await-in-loop -- one after another
    await page.setViewportSize({ width, height });
    await expect.poll(async () => (await topOfSight(page))[0]).toBe(before);
    expect(await page.locator('#composer').inputValue()).toBe('아직 보내지 않은 말');
    expect(await list().isVisible()).toBe(width > 600);
    // oxlint-enable no-await-in-loop
  }
  await page.locator('#composer').fill('');
  expect(one.problems).toEqual([]);
});
