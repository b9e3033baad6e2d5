import type { Language } from '@madang/protocol';
import type { Translate } from '../i18n/i18n.js';

/** Dates and times in the page's language, as they are written where the user lives. */

const formats = new Map<string, Intl.DateTimeFormat>();

/** `오후 3:20`, `3:20 PM`. */
export function formatTime(language: Language, at: number): string {
  return format(language, 'time', { hour: 'numeric', minute: '2-digit' }).format(at);
}

/** `2026년 11월 22일 일요일`; today and yesterday, seen from `now`, by those words. */
export function formatDay(t: Translate, language: Language, at: number, now: number): string {
  const days = daysBetween(at, now);
  if (days === 0) return t('message.today');
  if (days === 1) return t('message.yesterday');
  const sameYear = new Date(at).getFullYear() === new Date(now).getFullYear();
  const options: Intl.DateTimeFormatOptions = { month: 'long', day: 'numeric', weekday: 'long' };
  return sameYear
    ? format(language, 'day', options).format(at)
    : format(language, 'day-year', { ...options, year: 'numeric' }).format(at);
}

/** Date and time in full. */
export function formatDateTime(language: Language, at: number): string {
  return format(language, 'full', { dateStyle: 'long', timeStyle: 'short' }).format(at);
}

/** The date alone. */
export function formatDate(language: Language, at: number): string {
  return format(language, 'date', { dateStyle: 'long' }).format(at);
}

/** `5분 전`, `3 days ago`; undefined for less than a minute ago, which needs words of its own. */
export function formatAgo(language: Language, at: number, now: number): string | undefined {
  const seconds = Math.min(0, (at - now) / 1000);
  const relative = new Intl.RelativeTimeFormat(localeOf(language), { numeric: 'auto' });
  for (const [unit, size] of UNITS) {
    if (-seconds >= size) return relative.format(Math.ceil(seconds / size), unit);
  }
  return undefined;
}

/** Names as a list: `고구마, 새벽별`; `a, b and c`. */
export function formatList(language: Language, names: readonly string[]): string {
  // Korean's own list format joins with `및`, or with spaces alone: both read oddly between names.
  if (language === 'ko') return names.join(', ');
  return new Intl.ListFormat('en-GB', { type: 'conjunction' }).format(names);
}

/** The local day of a moment; equal for two moments of the same day. */
export function dayOf(at: number): string {
  const date = new Date(at);
  return `${date.getFullYear()}-${date.getMonth() + 1}-${date.getDate()}`;
}

/** The first moment of a day, where the user lives, and the first after it, in ms since 1970. */
export function daySpan(at: number): { from: number; to: number } {
  const date = new Date(at);
  const [year, month, day] = [date.getFullYear(), date.getMonth(), date.getDate()];
  return { from: new Date(year, month, day).getTime(), to: new Date(year, month, day + 1).getTime() };
}

/** Forgets what is kept for formatting: it has the time zone of when it was made. */
export function forgetFormats(): void {
  formats.clear();
}

const UNITS: readonly (readonly [Intl.RelativeTimeFormatUnit, number])[] = [
  ['year', 365 * 86_400],
  ['month', 30 * 86_400],
  ['day', 86_400],
  ['hour', 3600],
  ['minute', 60],
];

function daysBetween(at: number, now: number): number {
  return Math.round((midnight(now) - midnight(at)) / 86_400_000);
}

function midnight(time: number): number {
  return new Date(time).setHours(0, 0, 0, 0);
}

/**
 * The user's own locale for a language of the page: what their browser asks for (`en-GB`, `ko-KR`), or else the language in
 * the region of what it asks for first.
 */
export function localeOf(
  language: Language,
  wanted: readonly string[] = globalThis.navigator?.languages ?? NONE,
): string {
  const known = locales.get(wanted) ?? {};
  locales.set(wanted, known);
  return (known[language] ??= findLocale(language, wanted));
}

const NONE: readonly string[] = [];

/** By the browser's list, which is the same object until the user changes it. */
const locales = new WeakMap<readonly string[], Partial<Record<Language, string>>>();

function findLocale(language: Language, wanted: readonly string[]): string {
  const all = wanted.flatMap((each) => {
    try {
      return [new Intl.Locale(each)];
    } catch {
      return [];
    }
  });
  const own = all.find((locale) => locale.language === language && locale.region !== undefined);
  if (own) return own.toString();
  const region = all.find((locale) => locale.region !== undefined)?.region;
  return region === undefined ? language : `${language}-${region}`;
}

/** 12 or 24 hours, where the system says so and not only the region. */
function hourCycleOf(locale: string): Pick<Intl.DateTimeFormatOptions, 'hourCycle'> {
  const system = new Intl.DateTimeFormat(undefined, { hour: 'numeric' }).resolvedOptions();
  const isSame = system.locale === locale && system.hourCycle !== undefined;
  return isSame ? { hourCycle: system.hourCycle } : {};
}

function format(language: Language, name: string, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const locale = localeOf(language);
  const key = `${locale} ${name}`;
  let found = formats.get(key);
  if (!found) {
    const hasTime = options.hour !== undefined || options.timeStyle !== undefined;
    found = new Intl.DateTimeFormat(locale, { ...options, ...(hasTime && hourCycleOf(locale)) });
    formats.set(key, found);
  }
  return found;
}
