import { expect, test } from 'vitest';
import { BackOff } from '../dist/back-off.js';

/** The next delays, in ms. */
function waitsOf(backOff: BackOff, count: number): number[] {
  return Array.from({ length: count }, () => backOff.next());
}

test('each delay is twice the one before, up to the maximum; a success starts again with the shortest', () => {
  const backOff = new BackOff({ minMs: 100, maxMs: 700 });
  expect(waitsOf(backOff, 5)).toEqual([100, 200, 400, 700, 700]);
  expect(backOff.attempt).toBe(5);
  backOff.reset();
  expect(backOff.attempt).toBe(0);
  expect(waitsOf(backOff, 2)).toEqual([100, 200]);
});

test('after thousands of attempts the delay is still the maximum', () => {
  expect(waitsOf(new BackOff({ minMs: 100, maxMs: 700 }), 3000).at(-1)).toBe(700);
});

test('delays with a spread vary within that spread', () => {
  const backOff = new BackOff({ minMs: 1000, maxMs: 1000, spread: 0.25 });
  const waits = waitsOf(backOff, 1000);
  expect(Math.min(...waits)).toBeGreaterThanOrEqual(750);
  expect(Math.max(...waits)).toBeLessThanOrEqual(1250);
  expect(Math.max(...waits) - Math.min(...waits)).toBeGreaterThan(300);
});
