import { events, isEventName, type Language, languages } from '@madang/protocol';
import type { OutboundEvent } from '../../log/committed.js';
import { type FramedFormats, sharedFormats } from '../framed-format.js';

/** Events as lines in one language, with words from the event's row. Signals are not shown. */
export const lineFormats = Object.fromEntries(
  languages.map((language) => [
    language,
    sharedFormats(`line-${language}`, (batch) => batch.flatMap((event) => lineOf(event, language))),
  ]),
) as Record<Language, FramedFormats>;

function lineOf(event: OutboundEvent, language: Language): string[] {
  if (!isEventName(event.name)) return [];
  const words = events[event.name].line as (event: unknown, language: Language) => string | undefined;
  const line = words(event.body, language);
  return line === undefined ? [] : [`[${String(event.body['room'])}] ${oneLine(line)}`];
}

/** Every line break that some terminal or text view recognises. */
const LINE_BREAK = /\r\n|[\n\v\f\r\x85\u2028\u2029]/g;

/** Other control characters, which could move a terminal's cursor or change its state. Tabs do no harm. */
const CONTROL = /(?![\n\t])\p{Cc}/gu;

/**
 * A text as one user's line. Text after a line break is indented, and nothing can steer a terminal, so that it can't
 * pass for somebody else's line.
 */
export function oneLine(text: string): string {
  return text.replaceAll(LINE_BREAK, '\n').replaceAll(CONTROL, '').replaceAll('\n', '\n    ');
}
