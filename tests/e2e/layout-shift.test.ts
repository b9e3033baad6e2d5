import { expect, test } from 'vitest';
import { layoutShift } from '../../bench/web/layout-shift.ts';
import { isReached } from '../../bench/web/measure.ts';
import { startSite } from '../../bench/web/site.ts';

test('the list never moves under a reader: layout shift is 0 px, in the middle of a room and at its end', async () => {
  await using site = await startSite({ quick: true, say: () => {} });
  const figures = await layoutShift.run(site);
  expect(figures.filter((figure) => !isReached(figure))).toEqual([]);
  expect(figures.length).toBeGreaterThan(20);
}, 120_000);
