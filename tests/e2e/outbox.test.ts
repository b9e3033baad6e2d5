import { expect, test } from 'vitest';
import { messageOf, say } from '../support/visitor.ts';
import { useWeb } from '../support/web.ts';

const web = useWeb();

test('a message sent while the server is down waits, survives a reload of the page, and arrives once', async () => {
  await using one = await web.enter('기다림');
  await using two = await web.enter('받는이');
  const { page } = one;
  await say(page, '끊기기 전');
  await messageOf(two.page, '끊기기 전').waitFor();
  await web.server.kill();
  await page.getByRole('button', { name: '지금 연결' }).waitFor();
  await say(page, '끊긴 뒤 하나');
  await say(page, '끊긴 뒤 둘');
  expect(await page.locator('article[data-delivery="pending"]').count()).toBe(2);
  await messageOf(page, '끊긴 뒤 둘').getByText('보내는 중').waitFor();

  await web.server.start();
  await page.reload();
  await page.locator('article[data-delivery="sent"]', { hasText: '끊긴 뒤 둘' }).waitFor({ timeout: 25_000 });
  await two.page
    .getByRole('button', { name: '지금 연결' })
    .click({ timeout: 2000 })
    .catch(() => {});
  await messageOf(two.page, '끊긴 뒤 둘').waitFor({ timeout: 25_000 });
  for (const text of ['끊기기 전', '끊긴 뒤 하나', '끊긴 뒤 둘']) {
    expect(await two.page.getByRole('article').filter({ hasText: text }).count()).toBe(1);
    expect(await page.getByRole('article').filter({ hasText: text }).count()).toBe(1);
  }
  expect(one.problems).toEqual([]);
}, 90_000);

test('the banner counts down to the next attempt, and "now" skips the wait', async () => {
  await using one = await web.enter('재촉');
  await web.server.kill();
  const banner = one.page.getByText(/\b\d+초 뒤에 다시 연결합니다/);
  // A wait that outlasts the server's start: the shorter ones before it would end without the button.
  await banner.filter({ hasText: /\b([89]|1\d|20)초/ }).waitFor({ timeout: 60_000 });
  await web.server.start();
  const left = Number(/(\d+)초/.exec(await banner.innerText())?.[1]);
  expect(left).toBeGreaterThan(2);
  await one.page.getByRole('button', { name: '지금 연결' }).click();
  await banner.waitFor({ state: 'detached', timeout: (left - 1) * 1000 });
  await say(one.page, '다시 왔습니다');
  await one.page.locator('article[data-delivery="sent"]', { hasText: '다시 왔습니다' }).waitFor();
}, 100_000);

test('a device without a network is distinguished from a server that is down', async () => {
  await using one = await web.enter('터널');
  await one.page.context().setOffline(true);
  await one.page.getByText('인터넷에 연결되어 있지 않습니다').waitFor();
  await say(one.page, '터널 안에서');
  await messageOf(one.page, '터널 안에서').getByText('보내는 중').waitFor();
  await one.page.context().setOffline(false);
  await one.page.locator('article[data-delivery="sent"]', { hasText: '터널 안에서' }).waitFor({ timeout: 25_000 });
}, 60_000);

test('a message sent before a room could be loaded is shown, below the place for the rest', async () => {
  await using one = await web.enter('성급');
  const { page } = one;
  let isReading = false;
  await page.routeWebSocket(/\/ws$/, (ws) => {
    const upstream = ws.connectToServer();
    ws.onMessage((frame) => {
      if (isReading || !String(frame).includes('"message.list"')) upstream.send(frame);
    });
  });
  await page.reload();
  await say(page, '읽기 전에 한 말');
  await page.locator('article[data-delivery="sent"]', { hasText: '읽기 전에 한 말' }).waitFor();
  await page.context().setOffline(true);
  await page.getByText('인터넷에 연결되어 있지 않습니다').waitFor();
  await say(page, '끊긴 뒤에 한 말');
  await messageOf(page, '끊긴 뒤에 한 말').getByText('보내는 중').waitFor();
  expect(await page.getByRole('log').count()).toBe(0);
  isReading = true;
  await page.context().setOffline(false);
  await page.getByRole('log').waitFor();
  for (const text of ['읽기 전에 한 말', '끊긴 뒤에 한 말']) {
    await page.locator('article[data-delivery="sent"]', { hasText: text }).waitFor({ timeout: 25_000 });
    expect(await page.getByRole('article').filter({ hasText: text }).count()).toBe(1);
  }
  expect(one.problems).toEqual([]);
}, 60_000);

test('a refused message says why, and can be sent again or discarded', async () => {
  await using one = await web.enter('거절');
  const { page } = one;
  let isRefusing = true;
  // The server would refuse only what the page does not let through, so the test makes up the refusal.
  await page.routeWebSocket(/\/ws$/, (ws) => {
    const upstream = ws.connectToServer();
    ws.onMessage((frame) => {
      const { id, method } = JSON.parse(String(frame));
      const data = { code: 'forbidden', message: 'You may not do that' };
      const error = { code: -32003, message: data.message, data };
      if (method === 'message.send' && isRefusing) ws.send(JSON.stringify({ jsonrpc: '2.0', id, error }));
      else upstream.send(frame);
    });
  });
  await page.reload();
  await page.locator('#composer').waitFor();
  await say(page, '거절될 말');
  const note = messageOf(page, '거절될 말');
  await note.getByText('보내지 못했습니다. 권한이 없습니다.').waitFor();
  const sign = page.locator('a[data-room="lobby"]').getByTitle('보내지 못한 메시지가 있습니다');
  await sign.waitFor();
  await say(page, '버릴 말');
  await messageOf(page, '버릴 말').getByRole('button', { name: '지우기' }).click();
  await messageOf(page, '버릴 말').waitFor({ state: 'detached' });
  isRefusing = false;
  await note.getByRole('button', { name: '다시 보내기' }).click();
  await page.locator('article[data-delivery="sent"]', { hasText: '거절될 말' }).waitFor();
  expect(await page.getByRole('article').filter({ hasText: '거절될 말' }).count()).toBe(1);
  await sign.waitFor({ state: 'detached' });
});
