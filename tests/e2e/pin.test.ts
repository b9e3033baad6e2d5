import { expect, test } from 'vitest';
import { violations } from '../support/axe.ts';
import { connectJsonRpc } from '../support/json-rpc-client.ts';
import { call } from '../support/transport-client.ts';
import { act, messageOf } from '../support/visitor.ts';
import { useWeb } from '../support/web.ts';

const web = useWeb();

test(
  'messages are pinned, found again and unpinned, by mouse and by keys; others see it at once',
  { timeout: 90_000 },
  async () => {
    await using owner = await web.enter('새벽별', { theme: 'light' });
    const { page } = owner;
    const id = await page.evaluate(async () => {
      const headers = { 'content-type': 'application/json' };
      const answer = await fetch('api/rooms', { method: 'POST', headers, body: JSON.stringify({ name: '고정 시험' }) });
      return ((await answer.json()) as { room: { id: string } }).room.id;
    });
    await using member = await connectJsonRpc(web.url, { name: '길손' });
    await call(member, 'room.join', { room: id });
    const texts = [
      '모임은 토요일 10시입니다',
      ...Array.from({ length: 60 }, (_, at) => `사이에 낀 말 ${at}`),
      '준비물은 장갑입니다',
    ];
    const ids = new Map<string, string>();
    for (const text of texts) ids.set(text, (await call(member, 'message.send', { room: id, text })).message.id);
    const idOf = (text: string) => ids.get(text) ?? '';
    await using phone = await web.enter('나그네', { language: 'en', theme: 'dark', isPhone: true });
    await phone.page.evaluate((room) => fetch(`api/rooms/${room}/join`, { method: 'POST' }), id);
    // Nothing is unread, so the room opens at its end.
    for (const each of [page, phone.page]) {
      await each.evaluate(
        (room) =>
          fetch(`api/rooms/${room}/read`, {
            method: 'POST',
            headers: { 'content-type': 'application/json' },
            body: JSON.stringify({ seq: 1000 }),
          }),
        id,
      );
    }
    await phone.page.goto(`${web.url}/#/r/${id}`);
    await page.goto(`${web.url}/#/r/${id}`);

    await act(page, '준비물은 장갑입니다', /^고정$/);
    await messageOf(page, '준비물은 장갑입니다').getByText('새벽별 님이 고정').waitFor();
    await page.getByText('새벽별 님이 메시지를 고정하셨습니다.').waitFor();
    await phone.page.getByRole('button', { name: '1 pinned message' }).waitFor();
    await messageOf(phone.page, '준비물은 장갑입니다').getByText('Pinned by 새벽별').waitFor();
    // Who may not pin has no button for it.
    await messageOf(phone.page, '준비물은 장갑입니다').tap();
    await phone.page.getByRole('toolbar').getByRole('button', { name: 'Copy text' }).waitFor();
    expect(await phone.page.getByRole('toolbar').getByRole('button', { name: 'Pin', exact: true }).count()).toBe(0);

    // By keys alone: one message up, its toolbar, the list, and from it to the message.
    await messageOf(page, '준비물은 장갑입니다').focus();
    await page.keyboard.press('ArrowUp');
    await messageOf(page, '사이에 낀 말 59').getByRole('button', { name: '고정', exact: true }).press('Enter');
    await messageOf(page, '사이에 낀 말 59').getByText('새벽별 님이 고정').waitFor();
    // The first message is not loaded on either page.
    const first = '모임은 토요일 10시입니다';
    await page.evaluate((message) => fetch(`api/messages/${message}/pin`, { method: 'POST' }), idOf(first));
    const button = page.getByRole('button', { name: '고정한 메시지 3개' });
    await button.press('Enter');
    const dialog = page.getByRole('dialog', { name: '고정한 메시지' });
    const entries = dialog.getByRole('listitem');
    const listed = ['모임은 토요일 10시입니다', '사이에 낀 말 59', '준비물은 장갑입니다'];
    await expect.poll(() => entries.allInnerTexts()).toEqual(listed.map((text) => expect.stringContaining(text)));
    expect(await violations(page, 'light')).toEqual([]);
    // The list stays up to date while it is open.
    await call(member, 'message.edit', { message: idOf('사이에 낀 말 59'), text: '고친 말' });
    await entries.nth(1).getByText('고친 말').waitFor();
    // To a message that is not loaded, and from there to one at the end.
    const jump = { name: '길손 님의 메시지로 이동' };
    const focused = () => page.evaluate(() => document.activeElement?.textContent);
    await entries.first().getByRole('button', jump).press('Enter');
    await expect.poll(focused).toContain(first);
    expect(await messageOf(page, first).isVisible()).toBe(true);
    expect(await messageOf(page, '준비물은 장갑입니다').count()).toBe(0);
    await button.press('Enter');
    await entries.nth(1).getByRole('button', jump).press('Enter');
    await expect.poll(focused).toContain('고친 말');

    await phone.page.getByRole('button', { name: '3 pinned messages' }).tap();
    const list = phone.page.getByRole('dialog', { name: 'Pinned messages' });
    await list.getByText(first).waitFor();
    expect(await violations(phone.page, 'dark')).toEqual([]);
    expect(await list.getByRole('button', { name: /Unpin/ }).count()).toBe(0);

    // A deletion unpins, for all; and so does the button in the list.
    await call(member, 'message.delete', { message: idOf('준비물은 장갑입니다') });
    await list.getByText('준비물은 장갑입니다').waitFor({ state: 'detached' });
    await page.getByRole('button', { name: '고정한 메시지 2개' }).click();
    for (const left of [1, 0]) {
      await entries.first().getByRole('button', { name: '길손 님의 메시지 고정 해제' }).click();
      await expect.poll(() => entries.count()).toBe(left);
    }
    await dialog.getByText('고정한 메시지가 없습니다').waitFor();
    await list.getByText('No pinned messages').waitFor();
    await page.keyboard.press('Escape');
    await dialog.waitFor({ state: 'detached' });
    expect(await page.getByRole('button', { name: /고정한 메시지/ }).count()).toBe(0);
    expect([...owner.problems, ...phone.problems]).toEqual([]);
  },
);
