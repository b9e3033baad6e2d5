import { expect, test } from 'vitest';
import { call } from '../support/transport-client.ts';
import { connectJsonRpc } from '../support/json-rpc-client.ts';
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
