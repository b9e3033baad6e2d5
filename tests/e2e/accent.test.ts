import { expect, test } from 'vitest';
import { useWeb } from '../support/web.ts';

const web = useWeb({ flags: ['--accent-color', '#7A1FA2'] });

/** Text and what it is written on. */
const PAIRS = [
  ['--on-accent', '--accent'],
  ['--on-accent', '--accent-strong'],
  ['--accent', '--surface'],
  ['--accent', '--paper'],
  ['--accent-ink', '--accent-soft'],
  ['--ink', '--accent-soft'],
] as const;

test.each(['light', 'dark'] as const)(
  'the workspace’s colour, whatever it is, leaves texts readable (%s)',
  async (theme) => {
    await using one = await web.visit({ theme });
    const { page } = one;
    await page.getByRole('textbox').first().waitFor();
    const given = () => getComputedStyle(document.documentElement).getPropertyValue('--workspace-accent').trim();
    expect(await page.evaluate(given)).toBe('#7A1FA2');
    const weakest = await page.evaluate((pairs) => {
      const canvas = document.createElement('canvas').getContext('2d', { willReadFrequently: true });
      if (!canvas) throw new Error('no canvas');
      const probe = document.body.appendChild(document.createElement('i'));
      const luminance = (token: string): number => {
        probe.style.color = `var(${token})`;
        canvas.fillStyle = getComputedStyle(probe).color;
        canvas.fillRect(0, 0, 1, 1);
        const [red = 0, green = 0, blue = 0] = [...canvas.getImageData(0, 0, 1, 1).data].map((part) =>
          part <= 10 ? part / 255 / 12.92 : ((part / 255 + 0.055) / 1.055) ** 2.4,
        );
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
      };
      const found: { color: string; pair: string; contrast: number }[] = [];
      const colors = ['#000000', '#ffffff', '#808080'];
      for (const strong of ['00', '60', 'c0'])
        for (const mark of ['ff', 'a0'])
          for (const parts of [
            [mark, strong, strong],
            [strong, mark, strong],
            [strong, strong, mark],
            [mark, mark, strong],
          ])
            colors.push(`#${parts.join('')}`);
      for (const color of colors) {
        document.documentElement.style.setProperty('--workspace-accent', color);
        for (const [front, back] of pairs) {
          const [dark = 0, light = 0] = [luminance(front), luminance(back)].sort((a, b) => a - b);
          found.push({ color, pair: `${front} on ${back}`, contrast: (light + 0.05) / (dark + 0.05) });
        }
      }
      return found.sort((a, b) => a.contrast - b.contrast).slice(0, 3);
    }, PAIRS);
    expect(weakest[0]?.contrast, JSON.stringify(weakest)).toBeGreaterThanOrEqual(4.5);
  },
);
