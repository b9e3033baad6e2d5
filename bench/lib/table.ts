import type { Row } from './result.ts';

/** The rows as a Markdown table. */
export function markdownTable(rows: readonly Row[]): string {
  const lines = rows.map((row) => {
    const ratio = row.ratio === undefined ? '' : ratioWords(row.ratio);
    const note = row.note ? ` (${row.note})` : '';
    return `| ${row.what} | ${row.madang} | ${row.beside} | ${ratio} | ${row.target} | ${reachedWords(row)}${note} |`;
  });
  return [
    '| what | Madang | beside | ratio | must be | reached |',
    '| --- | --- | --- | --- | --- | --- |',
    ...lines,
  ].join('\n');
}

function reachedWords(row: Row): string {
  if (row.reached === undefined) return row.target === '' ? '' : 'no figure';
  return row.reached ? 'yes' : '**no**';
}

function ratioWords(ratio: number): string {
  return ratio < 0.2 ? `1/${(1 / ratio).toFixed(1)}` : ratio.toFixed(2);
}
