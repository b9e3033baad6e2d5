import type { Row } from './rows.js';

const heights = new WeakMap<Row, number>();

/** A row's height in px: as last measured, or guessed once, since new rows place all others again. */
export function heightOf(row: Row | undefined): number {
  const known = row && heights.get(row);
  if (known !== undefined) return known;
  const height = guessHeight(row);
  if (row) heights.set(row, height);
  return height;
}

/** Remembers what was measured, as long as there is the row. */
export function noteHeight(row: Row | undefined, height: number): void {
  if (row) heights.set(row, height);
}

function guessHeight(row: Row | undefined): number {
  switch (row?.kind) {
    case 'beginning':
      return 180;
    case 'day':
      return 48;
    case 'message': {
      const lines = row.message.text.split('\n').reduce((sum, line) => sum + 1 + Math.floor(line.length / 60), 0);
      return lines * 23 + (row.isFirst ? 33 : 4) + (row.message.reactions?.length ? 30 : 0);
    }
    default:
      return 32;
  }
}
