import type { Language } from '@madang/protocol';

const UNITS = ['kilobyte', 'megabyte', 'gigabyte'] as const;

/** A size for people: `12 kB`, `3.4 MB`. */
export function formatBytes(language: Language, bytes: number): string {
  const at = Math.min(UNITS.length - 1, Math.max(0, Math.floor(Math.log10(Math.max(1, bytes)) / 3) - 1));
  const value = bytes / 1000 ** (at + 1);
  const options = { style: 'unit', unit: UNITS[at], maximumFractionDigits: value < 10 ? 1 : 0 } as const;
  return new Intl.NumberFormat(language, options).format(value);
}
