import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';

const css = readFileSync(new URL('../src/theme/tokens.css', import.meta.url), 'utf8');

/** The colours that a rule sets, for light and for dark. */
function coloursOf(selector: string): Record<'light' | 'dark', Map<string, string>> {
  const [, block = ''] = new RegExp(`^${selector.replaceAll(/[[\]]/g, '\\$&')} \\{([^}]*)\\}`, 'm').exec(css) ?? [];
  const found = [...block.matchAll(/--([\w-]+): light-dark\((#\w{6}), (#\w{6})\)/g)];
  const of = (index: 2 | 3) => new Map(found.map((each) => [each[1] as string, each[index] as string]));
  return { light: of(2), dark: of(3) };
}

/** How bright a colour is, from 0 to 1 (WCAG 2.2, relative luminance). */
function luminance(colour: string): number {
  const [red = 0, green = 0, blue = 0] = [1, 3, 5].map((at) => {
    const part = Number.parseInt(colour.slice(at, at + 2), 16) / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

function contrast(one: string, other: string): number {
  const [dark = 0, light = 0] = [luminance(one), luminance(other)].toSorted((a, b) => a - b);
  return (light + 0.05) / (dark + 0.05);
}

/** Texts, and what they are written on. */
const TEXTS: readonly (readonly [string, readonly string[]])[] = [
  ['ink', ['paper', 'paper-strong', 'surface', 'surface-hover', 'raised', 'accent-soft', 'call-soft', 'danger-soft']],
  ['ink-soft', ['paper', 'surface', 'surface-hover', 'raised']],
  ['accent', ['paper', 'surface', 'raised']],
  ['accent-ink', ['accent-soft']],
  ['on-accent', ['accent', 'accent-strong']],
  ['on-call', ['call']],
  ['call-ink', ['call-soft']],
  ['danger', ['surface', 'raised', 'danger-soft']],
  ['on-danger', ['danger']],
];

describe.each([
  { selector: ':root', least: 4.5 },
  { selector: ":root[data-contrast='more']", least: 7 },
])('texts under $selector have a contrast of $least or more', ({ selector, least }) => {
  test.each(['light', 'dark'] as const)('%s', (brightness) => {
    const colours = coloursOf(selector)[brightness];
    const weak = TEXTS.flatMap(([text, surfaces]) =>
      surfaces.flatMap((surface) => {
        const [front, back] = [colours.get(text), colours.get(surface)];
        if (front === undefined || back === undefined) return [`${text} or ${surface} is missing`];
        const found = contrast(front, back);
        return found < least ? [`${text} on ${surface}: ${found.toFixed(2)}`] : [];
      }),
    );
    expect(weak).toEqual([]);
  });
});
