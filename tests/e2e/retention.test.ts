import { expect, test } from 'vitest';
import { startBrowser } from '../support/browser.ts';
import { startRestGuest } from '../support/rest-guest.ts';
import { startServer } from '../support/start-server.ts';
import { ageLobby } from '../support/time-travel.ts';
import { enter, messageOf } from '../support/visitor.ts';

/** More than the page's list loads on its own. */
const OLD = 200;

const words = {
  ko: { cut: '이전 메시지는 보관하지 않습니다', beginning: 'lobby 방의 시작입니다' },
  en: { cut: 'Older messages are no longer kept', beginning: 'This is where lobby begins' },
};

test('the top of a history that was cut says so, in a new page and in one that was already open', async () => {
  const flags = ['--limits', 'off'];
  await using server = await startServer({ flags });
  const browser = await startBrowser();
  try {
    const other = await startRestGuest(server.url, '이야기꾼');
    await other.sayAll(Array.from({ length: OLD }, (_, at) => `옛 이야기 ${at + 1}.`));
    await using open = await enter(browser, server.url, '기다리는 이');
    await messageOf(open.page, `옛 이야기 ${OLD}.`).waitFor();
    await server.stop();
    // After the creation of the room and the sender's join.
    ageLobby(server.data, 2 + OLD, 40);
    flags.push('--retention-days', '30');
    await server.start();
    const later = await startRestGuest(server.url, '새 이야기꾼');
    await later.say('새 이야기 1.');
    for (const language of ['ko', 'en'] as const) {
      await using one = await enter(browser, server.url, `reader ${language}`, { language });
      await one.page.getByRole('heading', { name: words[language].cut }).waitFor();
      await messageOf(one.page, '새 이야기 1.').waitFor();
      expect(await one.page.getByText('옛 이야기').count()).toBe(0);
      expect(await one.page.getByText(words[language].beginning).count()).toBe(0);
      expect(one.problems).toEqual([]);
    }
    const { page } = open;
    await messageOf(page, '새 이야기 1.').waitFor();
    const wheelUp = async () => {
      await page.getByRole('log').hover();
      await page.mouse.wheel(0, -3000);
      return page.getByRole('heading', { name: words.ko.cut }).count();
    };
    await expect.poll(wheelUp, { timeout: 15_000 }).toBe(1);
    expect(await page.getByText('옛 이야기').count()).toBe(0);
  } finally {
    await browser.close();
  }
}, 90_000);
