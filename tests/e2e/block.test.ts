import { expect, test } from 'vitest';
import { call } from '../support/transport-client.ts';
import { connectJsonRpc } from '../support/json-rpc-client.ts';
import { act, messageOf, say } from '../support/visitor.ts';
import { useWeb } from '../support/web.ts';

const web = useWeb();

test('a direct room is hidden until its next message, and its other user blocked and unblocked', async () => {
  await using me = await web.enter('새벽별');
  await using other = await connectJsonRpc(web.url, { name: '길손' });
  const { members } = await call(other, 'member.list', { room: 'lobby' });
  const user = members.find((each) => each.user.name === '새벽별')?.user.id ?? '';
  const { room } = await call(other, 'direct.open', { user });
  await call(other, 'message.send', { room: room.id, text: '안녕하세요' });
  const link = me.page.getByRole('link', { name: /길손/ });
  await link.click();
  await me.page.getByRole('button', { name: '방 정보' }).click();
  await me.page.getByRole('button', { name: '대화 숨기기' }).click();
  await link.waitFor({ state: 'detached' });
  await call(other, 'message.send', { room: room.id, text: '계신가요?' });
  await link.click();
  await me.page.getByRole('button', { name: '방 정보' }).click();
  await me.page.getByRole('button', { name: '차단' }).click();
  await me.page.getByRole('alertdialog').getByRole('button', { name: '차단' }).click();
  await me.page.getByText('길손 님을 차단했습니다. 여기에는 글을 쓸 수 없습니다.').waitFor();
  expect((await other.ask('message.send', { room: room.id, text: '왜요?' })).error?.code).toBe('forbidden');
  await me.page
    .getByRole('button', { name: /새벽별/ })
    .last()
    .click();
  await me.page.getByRole('menuitem', { name: '차단한 사람' }).click();
  await me.page.getByRole('button', { name: '길손 님 차단 풀기' }).click();
  await me.page.getByText('차단한 사람이 없습니다').waitFor();
  await me.page.keyboard.press('Escape');
  await me.page.locator('#composer').waitFor();
  await call(other, 'message.send', { room: room.id, text: '다시 왔습니다' });
  expect(me.problems).toEqual([]);
});

test('where nobody may write any more, there is nothing to write, react or edit with, until they may again', async () => {
  await using me = await web.enter('아침놀');
  await using other = await connectJsonRpc(web.url, { name: '나그네' });
  const { members } = await call(other, 'member.list', { room: 'lobby' });
  const user = members.find((each) => each.user.name === '아침놀')?.user.id ?? '';
  const { room } = await call(other, 'direct.open', { user });
  await call(other, 'message.send', { room: room.id, text: '반갑습니다' });
  await me.page.getByRole('link', { name: /나그네/ }).click();
  await say(me.page, '저도요');
  await act(me.page, '반갑습니다', /👍/);
  const reaction = messageOf(me.page, '반갑습니다').getByRole('button', { name: /👍 1/ });
  await reaction.waitFor();
  const buttons = async (text: string) => {
    await messageOf(me.page, text).hover();
    const toolbar = messageOf(me.page, text).getByRole('toolbar');
    return toolbar.getByRole('button').evaluateAll((all) => all.map((each) => each.getAttribute('aria-label')));
  };
  expect(await buttons('저도요')).toEqual(expect.arrayContaining(['수정', '글 복사', '삭제']));
  await call(other, 'user.block', { user });
  await me.page.getByText('지금은 여기에 글을 쓸 수 없습니다.').waitFor();
  expect(await me.page.locator('#composer').count()).toBe(0);
  expect(await buttons('저도요')).toEqual(['글 복사', '삭제']);
  expect(await buttons('반갑습니다')).toEqual(['글 복사']);
  expect(await reaction.isDisabled()).toBe(true);
  await call(other, 'user.unblock', { user });
  await me.page.locator('#composer').waitFor();
  expect(await buttons('저도요')).toContain('수정');
  await reaction.click();
  await reaction.waitFor({ state: 'detached' });
  expect(me.problems).toEqual([]);
});
