import { MAX_INITIAL, precachedBytes, sumOf, webAssets } from '../../scripts/web-sizes.mjs';
import type { Measure } from './measure.ts';

const KB = 1024;

/** What the built web client weighs on its way, after gzip. */
export const sizes: Measure = {
  name: 'sizes',
  title: 'sizes of the web client',
  run: async () => {
    const assets = webAssets();
    const scripts = assets.filter(({ file }) => file.endsWith('.js'));
    const later = scripts.filter(({ isInitial }) => !isInitial);
    const figure = (what: string, bytes: number, bound: number) =>
      ({ what: `${what}, after gzip`, value: Math.ceil((bytes / KB) * 10) / 10, unit: 'KB', bound }) as const;
    return [
      figure(
        'scripts that the page begins with',
        sumOf(scripts.filter(({ isInitial }) => isInitial)),
        MAX_INITIAL / KB,
      ),
      figure('all styles', sumOf(assets.filter(({ file }) => file.endsWith('.css'))), 15),
      figure('the largest script that is loaded later', later[0]?.bytes ?? 0, 50),
      figure('everything that is kept for use without a network', precachedBytes(), 400),
    ];
  },
};
