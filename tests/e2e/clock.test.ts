import { expect, test } from 'vitest';
import { startRestGuest } from '../support/rest-guest.ts';
import { messageOf, say } from '../support/visitor.ts';
import { useWeb } from '../support/web.ts';

const web = useWeb({ flags: ['--limits', 'off'] });

const DAY_MS = 24 * 3600_000;

test('days and times follow the server’s clock, midnight and the time zone, however wrong the device’s clock is', async () => {
  const other = await startRestGuest(web.url, '이웃');
  await other.say('오늘 한 말');
  await using visitor = await web.visit({ isTravelling: true });
  const { page } = visitor;
  const devtools = await page.context().newCDPSession(page);
  const travel = (timezoneId: string) => devtools.send('Emulation.setTimezoneOverride', { timezoneId });
  await travel('Asia/Seoul');
  // The device is a day ahead from the start on.
  await page.clock.install({ time: Date.now() + DAY_MS });
  await page.reload();
  await page.getByRole('textbox', { name: '닉네임' }).fill('손님');
  await page.getByRole('button', { name: '들어가기' }).click();
  await messageOf(page, '오늘 한 말').waitFor();
  const days = () =>
    page
      .getByTestId('log')
      .getByText(/^(오늘|어제|내일|\d+월 .*)$/)
      .allTextContents();
  const seen = page.getByRole('complementary').getByText(/접속$/);
  await expect.poll(days).toEqual(['오늘']);
  await seen.getByText('방금 전').or(seen).first().waitFor();
  await say(page, '내가 오늘 한 말');
  await messageOf(page, '내가 오늘 한 말').waitFor();
  expect(await days()).toEqual(['오늘']);

  // It is corrected while the page is open: what is shown stays true.
  await page.clock.setSystemTime(Date.now());
  // Looks at the clock, and so shows another day until the server's time is asked for again.
  await page.evaluate(() => window.dispatchEvent(new Event('focus')));
  await say(page, '바로잡은 뒤에 한 말');
  await messageOf(page, '바로잡은 뒤에 한 말').waitFor();
  await expect.poll(days).toEqual(['오늘']);

  // Midnight passes without a connection.
  await page.context().setOffline(true);
  await page.getByText('인터넷에 연결되어 있지 않습니다').waitFor();
  await page.clock.fastForward(DAY_MS);
  await expect.poll(days).toEqual(['어제']);
  await page.context().setOffline(false);
  await expect.poll(days).toEqual(['오늘']);

  // The traveller lands where the clocks are half an hour off.
  const minutes = async () => Number((await page.locator('article time').first().textContent())?.match(/:(\d\d)/)?.[1]);
  const before = await minutes();
  await travel('Pacific/Marquesas');
  await page.evaluate(() => window.dispatchEvent(new Event('focus')));
  await expect.poll(minutes).toBe((before + 30) % 60);
  expect(visitor.problems).toEqual([]);
}, 60_000);
