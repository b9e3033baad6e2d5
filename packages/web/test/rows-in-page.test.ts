import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { RowsInPage } from '../src/features/message/rows-in-page.js';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const keyOf = (index: number): unknown => `row ${index}`;

/** Renders the rows from `startIndex` to `endIndex` in sight of 1,000, with up to 10 beyond them on both sides. */
function render(inPage: RowsInPage, startIndex: number, endIndex: number): number[] {
  const indexes = inPage.extract({ startIndex, endIndex, overscan: 10, count: 1000 }, keyOf);
  inPage.rendered(indexes.map(keyOf));
  return indexes.toSorted((a, b) => a - b);
}

test('a new screen of rows comes with few beyond it, and the others after pauses', () => {
  const inPage = new RowsInPage();
  const first = render(inPage, 500, 529);
  expect(first).toEqual(Array.from({ length: 34 }, (_, index) => 498 + index));
  // Measured rows are rendered again in the same frame.
  expect(render(inPage, 500, 530)).toEqual(first);
  expect(inPage.isPartial).toBe(true);
  for (let pause = 0; pause < 2; pause += 1) {
    vi.advanceTimersByTime(50);
    render(inPage, 500, 529);
  }
  expect(inPage.isPartial).toBe(false);
  expect(render(inPage, 500, 529)).toEqual(Array.from({ length: 50 }, (_, index) => 490 + index));
});

test('a step of some rows brings as many beyond', () => {
  const inPage = new RowsInPage();
  for (let pause = 0; pause < 3; pause += 1) {
    render(inPage, 0, 20);
    vi.advanceTimersByTime(50);
  }
  expect(render(inPage, 5, 25)).toEqual(Array.from({ length: 36 }, (_, index) => index));
  expect(inPage.isPartial).toBe(false);
});
