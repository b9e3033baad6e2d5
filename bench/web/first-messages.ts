import type { Measure } from './measure.ts';
import { enterRoom, fillRoom } from './site.ts';

/** How long it takes from opening a room's link until its messages can be read. */
export const firstMessages: Measure = {
  name: 'first-messages',
  title: 'time to readable messages',
  run: async (site) => {
    const { room } = await fillRoom(site, 'first messages', 60);
    await using visitor = await enterRoom(site, room);
    const { page } = visitor;
    const times: number[] = [];
    for (let round = 0; round < (site.quick ? 1 : 5); round += 1) {
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      await page.reload();
      // oxlint-disable-next-line no-await-in-loop
      await page.getByRole('article').filter({ hasText: 'Message 60.' }).waitFor();
      // oxlint-disable-next-line no-await-in-loop
      times.push(await page.evaluate(() => performance.now()));
    }
    times.sort((a, b) => a - b);
    const value = Math.round(times[Math.floor(times.length / 2)] ?? 0);
    return [
      { what: 'a room, from its link to its messages, by desktop without throttling', value, unit: 'ms', bound: 1500 },
    ];
  },
};
