import type { Bars } from './result.ts';

const WIDTH = 760;
const LABEL = 210;
const VALUE = 110;
const BAR = 20;
const GAP = 6;
const TITLE = 34;

/** Groups of bars as an SVG picture: Madang in colour, its peers in grey. Readable on light and dark pages. */
export function barChart(groups: readonly Bars[]): string {
  let y = 0;
  const parts: string[] = [];
  for (const { title, bars, unit } of groups) {
    const shown = bars.filter(({ value }) => Number.isFinite(value)).toSorted((a, b) => b.value - a.value);
    const longest = Math.max(...shown.map(({ value }) => value));
    parts.push(`<text x="0" y="${y + 20}" font-weight="600">${escape(`${title} (${unit})`)}</text>`);
    y += TITLE;
    for (const { label, value, isOurs } of shown) {
      const width = Math.max(1, ((WIDTH - LABEL - VALUE) * value) / longest);
      const middle = y + BAR * 0.7;
      parts.push(
        `<text x="${LABEL - 8}" y="${middle}" text-anchor="end">${escape(label)}</text>`,
        `<rect x="${LABEL}" y="${y}" width="${width.toFixed(1)}" height="${BAR}" rx="3" fill="${isOurs ? '#0d8f6f' : '#9aa3ad'}"/>`,
        `<text x="${(LABEL + width + 8).toFixed(1)}" y="${middle}">${Math.round(value).toLocaleString('en')}</text>`,
      );
      y += BAR + GAP;
    }
    y += TITLE / 2;
  }
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${y}" width="${WIDTH}" height="${y}" role="img"`,
    ` font-family="system-ui, sans-serif" font-size="13" fill="#7a828c">`,
    `<title>${escape(groups.map(({ title }) => title).join('; '))}</title>`,
    ...parts,
    '</svg>\n',
  ].join('\n');
}

function escape(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
