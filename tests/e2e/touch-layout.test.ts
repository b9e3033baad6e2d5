import type { Page } from 'playwright-core';
import { expect, test } from 'vitest';
import { startRestGuest } from '../support/rest-guest.ts';
import { findLayoutFaults, type Insets, setInsets } from '../support/touch-layout.ts';
import { fingerOn } from '../support/touch.ts';
import { messageOf } from '../support/visitor.ts';
import { useWeb } from '../support/web.ts';

const web = useWeb();

interface Screen {
  width: number;
  height: number;
  insets: Insets;
}

/** A phone with a notch, and the narrowest window there is: a folded phone, or a program beside another. */
const PHONES: readonly Screen[] = [
  { width: 390, height: 844, insets: { top: 47, right: 0, bottom: 34, left: 0 } },
  { width: 320, height: 640, insets: { top: 0, right: 0, bottom: 0, left: 0 } },
];

/** The phone on its side, an unfolded one, a tablet. */
const WIDER: readonly Screen[] = [
  { width: 844, height: 390, insets: { top: 0, right: 47, bottom: 21, left: 47 } },
  { width: 600, height: 800, insets: { top: 24, right: 0, bottom: 20, left: 0 } },
  { width: 1024, height: 768, insets: { top: 24, right: 0, bottom: 20, left: 0 } },
];

test(
  'everything that can be pressed is large enough for a finger, and whole, on every screen',
  { timeout: 120_000 },
  async () => {
    const faults: Record<string, string[]> = {};
    const lookAt = async (screens: readonly Screen[], state: string) => {
      for (const { width, height, insets } of screens) {
        // oxlint-disable no-await-in-loop -- one after another
        await page.setViewportSize({ width, height });
        await setInsets(page, insets);
        await settled(page);
        const found = await findLayoutFaults(page, insets);
        if (found.length > 0) faults[`${state}, ${width}x${height}`] = found;
        // oxlint-enable no-await-in-loop
      }
    };
    const look = (state: string) => lookAt(PHONES, state);
    const other = await startRestGuest(web.url, '이웃');
    await using one = await web.visit({ isPhone: true });
    const { page } = one;
    const dialog = page.getByRole('dialog').last();
    const close = async () => {
      await page.keyboard.press('Escape');
      await expect.poll(() => page.locator('dialog[open], [role=menu], [role=dialog]').count()).toBe(0);
    };
    const name = page.getByRole('textbox', { name: '닉네임' });
    await name.waitFor();
    await look('signing in');
    await name.fill('엄지');
    await page.getByRole('button', { name: '들어가기' }).tap();
    const list = page.getByRole('navigation', { name: '내 방' });
    await list.waitFor();
    await look('the list');
    await page.getByRole('button', { name: /내 메뉴/ }).tap();
    await page.getByRole('menuitem').first().waitFor();
    await look('the menu of the user');
    await page.getByRole('menuitem', { name: '닉네임 바꾸기' }).tap();
    await dialog.waitFor();
    await look('changing the name');
    await close();
    await page.getByRole('button', { name: '빠른 이동' }).tap();
    await page.getByRole('option').first().waitFor();
    await look('going to a room');
    await close();
    await list.getByRole('button', { name: '방 둘러보기' }).tap();
    await dialog.getByRole('button').nth(1).waitFor();
    await look('finding rooms');
    await close();
    await list.getByRole('button', { name: '새 방 만들기' }).tap();
    await dialog.getByRole('textbox').first().fill('손가락 방');
    await look('making a room');
    await dialog.getByRole('button', { name: '만들기' }).tap();
    await page.locator('#composer').waitFor();
    await look('an empty room');

    await page.locator('#composer').fill(Array.from({ length: 60 }, (_, n) => `긴 말의 줄 ${n}`).join('\n'));
    await page.getByRole('button', { name: '보내기' }).tap();
    await page.getByRole('button', { name: '더 보기' }).waitFor();
    await look('a long message');
    await page.locator('#composer').fill('닿는 말 https://example.org/');
    await page.getByRole('button', { name: '보내기' }).tap();
    await page.locator('article[data-delivery="sent"]', { hasText: '닿는 말' }).waitFor();
    const finger = await fingerOn(page);
    const openSheet = async () => {
      const box = await messageOf(page, '닿는 말').getByText('닿는 말').boundingBox();
      await finger.to({ x: (box?.x ?? 0) + 12, y: (box?.y ?? 0) + 12 });
      await page.getByRole('dialog', { name: '메시지 메뉴' }).waitFor();
      await finger.leave();
    };
    await openSheet();
    await look('the sheet of a message');
    await dialog.getByRole('button', { name: '반응 달기', exact: true }).tap();
    await page.getByRole('gridcell').first().waitFor();
    await look('the emoji of the sheet');
    await close();
    await openSheet();
    await dialog.getByRole('button', { name: '👍 반응 달기' }).tap();
    await messageOf(page, '닿는 말')
      .getByRole('button', { name: /👍 1명/ })
      .waitFor();
    await openSheet();
    await dialog.getByRole('button', { name: '고정' }).tap();
    await page.getByRole('button', { name: '고정한 메시지 1개' }).waitFor();
    await messageOf(page, '닿는 말')
      .getByText('닿는 말')
      .tap({ position: { x: 4, y: 4 } });
    await page.getByRole('toolbar').waitFor();
    await look('the toolbar of a message');
    await page.getByRole('button', { name: '이모지 넣기' }).tap();
    await page.getByRole('gridcell').first().waitFor();
    await look('emoji');
    for (const { width, height } of PHONES) {
      // oxlint-disable no-await-in-loop -- one after another
      await page.setViewportSize({ width, height });
      await expect.poll(() => page.getByRole('row').evaluateAll(unused)).toBe(0);
      // oxlint-enable no-await-in-loop
    }
    await close();
    await openSheet();
    await dialog.getByRole('button', { name: '수정' }).tap();
    await page.getByRole('textbox', { name: '메시지 수정' }).fill('닿는 말을 고침');
    await look('editing');
    await page.getByRole('button', { name: '저장' }).tap();
    await messageOf(page, '닿는 말을 고침').getByText('수정됨').waitFor();
    await openSheet();
    await dialog.getByRole('button', { name: '삭제' }).tap();
    await page.getByRole('alertdialog').waitFor();
    await look('deleting');
    await page.getByRole('button', { name: '취소' }).tap();
    await page.getByRole('button', { name: '고정한 메시지 1개' }).tap();
    await dialog.getByRole('button').nth(1).waitFor();
    await look('pins');
    await close();
    await page.getByRole('button', { name: '참여자 보기' }).tap();
    const panel = page.getByRole('complementary', { name: '참여자' });
    await panel.getByText('엄지').waitFor();
    await look('people');
    await panel.getByRole('button', { name: '초대' }).tap();
    await dialog.waitFor();
    await look('inviting');
    await close();
    await panel.getByRole('button', { name: '참여자 닫기' }).tap();
    await page.getByRole('button', { name: '방 정보' }).tap();
    await dialog.getByRole('button', { name: '방에서 나가기' }).waitFor();
    await look('about the room');
    await dialog.getByRole('button', { name: '방에서 나가기' }).tap();
    await page.getByRole('alertdialog').waitFor();
    await look('leaving');
    await page.getByRole('alertdialog').getByRole('button', { name: '취소' }).tap();
    await page.keyboard.press('Control+/');
    await dialog.waitFor();
    await look('shortcuts');
    await close();
    const { room } = await other.call<{ room: { id: string } }>('POST', '/rooms', { name: '남의 방' });
    await lookAt(WIDER, 'list and room');
    await page.getByRole('button', { name: '참여자 보기' }).tap();
    await panel.getByText('엄지').waitFor();
    await lookAt(WIDER, 'the panel over the room');
    await panel.getByRole('button', { name: '참여자 닫기' }).tap();
    await openSheet();
    await lookAt(WIDER, 'the sheet');
    await close();
    await page.evaluate((id) => (location.hash = `#/r/${id}`), room.id);
    await page.getByText(/아직 들어가지 않은 방입니다/).waitFor();
    await look('a room from outside');
    expect(faults).toEqual({});
  },
);

/** Waits until what follows the window's size by script has done so. */
function settled(page: Page): Promise<void> {
  return page.evaluate(
    () => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(() => resolve()))),
  );
}

/** How much wider the right side of a full row is than its left one, beside what is in it, in px. */
function unused(rows: Element[]): number {
  const spare = rows.map((row) => {
    const { left, right } = row.getBoundingClientRect();
    const boxes = [...row.children].map((child) => child.getBoundingClientRect());
    return right - Math.max(...boxes.map((box) => box.right)) - (Math.min(...boxes.map((box) => box.left)) - left);
  });
  return Math.round(Math.min(...spare));
}
