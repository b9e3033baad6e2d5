import { z } from 'zod';
import { MAX_ISSUES } from './errors.js';
import { formatLimits } from './limits.js';
import { isBlank, isEmoji, nameProblem, normalizeName } from './names.js';

/** Fields shared by several features. */

const utf8 = new TextEncoder();

/**
 * Text that is refused as soon as it has more than `maxUnits` UTF-16 units. Every text in the table begins with this,
 * because later checks and changes (normalisation, regular expressions, segmentation) may cost more than the text's
 * length.
 */
export function shortText(maxUnits: number, words = `must be at most ${maxUnits} characters`) {
  return z
    .string()
    .refine((text) => text.length <= maxUnits, { error: words, abort: true })
    .meta({ maxLength: maxUnits });
}

/**
 * A record that is refused as soon as it has more than `most` entries, or {@link MAX_ISSUES} of them are invalid: zod
 * itself would check all, and make an issue of each.
 */
export function shortRecord<Value extends z.ZodType>(
  key: z.ZodString,
  value: Value,
  { most, words }: { most: number; words: string },
): z.ZodRecord<z.ZodString, Value> {
  const record = z.record(key, value);
  const parse = record._zod.parse.bind(record._zod);
  const parseInTurn: typeof parse = (payload, context) => {
    const { value: given, issues } = payload;
    if (typeof given !== 'object' || given === null || Array.isArray(given)) return parse(payload, context);
    if (Object.keys(given).length > most) {
      issues.push({ code: 'custom', message: words, input: given, inst: record });
      return payload;
    }
    const entries = Object.entries(given);
    const parsed: Record<string, unknown> = {};
    for (let start = 0; start < entries.length && issues.length < MAX_ISSUES; start += MAX_ISSUES) {
      const some = { value: Object.fromEntries(entries.slice(start, start + MAX_ISSUES)) as unknown, issues };
      void parse(some as never, context);
      Object.assign(parsed, some.value);
    }
    payload.value = parsed as typeof payload.value;
    return payload;
  };
  // A schema without checks of its own is run by whatever parses it.
  Object.assign(record._zod, { parse: parseInTurn, run: parseInTurn });
  return record;
}

/** An id: ASCII, so that UTF-16 units are characters. */
function id(maxChars: number, pattern: RegExp, words: string) {
  return shortText(maxChars).regex(pattern, { error: words, abort: true }).meta({ minLength: 1 });
}

/** A room's id: short, opaque, permanent. `lobby` is the first room's. */
export const roomId = id(40, /^[a-z0-9][a-z0-9_-]*$/, 'must be a room id').meta({ description: "A room's id" });

/** A user's id. */
export const userId = id(formatLimits.userIdChars, /^[\x21-\x7e]+$/, 'must be a user id').meta({
  description: "A user's id",
});

/** A message's id: `<room>.<seq>`. Clients treat it as opaque. */
export const messageId = id(60, /^[a-z0-9][a-z0-9_-]*\.[1-9][0-9]{0,15}$/, 'must be a message id').meta({
  description: "A message's id",
});

/** The place of an event in its room's log: 1, 2, 3 … */
export const seq = z.int().min(1).meta({ description: "An event's place in its room's log, from 1" });

/** A cursor: all up to this seq has been seen; 0 for nothing. */
export const cursor = z.int().min(0).meta({ description: 'All up to this seq has been seen; 0 for nothing' });

/** A moment, in ms since 1970-01-01T00:00:00Z. */
export const timestamp = z.int().meta({ description: 'ms since 1970-01-01T00:00:00Z' });

/** An id made by the client. A repeat by the same author is answered with the first result. */
export const clientId = id(formatLimits.clientIdChars, /^[\w.:-]+$/, 'must be letters, digits and . _ : -').meta({
  description: 'Made by the client, unique for its author; a repeat answers with the first result',
});

/** A page's size. */
export const limit = z
  .int()
  .min(1)
  .max(formatLimits.pageEntries)
  .optional()
  .meta({ description: `How many at most; ${formatLimits.defaultPageEntries} if absent` });

/** Text without what no store or screen can hold: lone surrogates and NUL. */
function plainText(maxUnits: number, words?: string) {
  return shortText(maxUnits, words)
    .refine((text) => text.isWellFormed(), { error: 'must be well-formed Unicode', abort: true })
    .refine((text) => !text.includes('\0'), { error: 'must not contain a NUL character', abort: true });
}

const tooManyBytes = `must be at most ${formatLimits.textBytes} bytes`;

/** A text that a message has or had. */
export const storedText = plainText(formatLimits.textBytes, tooManyBytes).meta({
  description: 'The text of a message',
});

/** A message's text. */
export const messageText = plainText(formatLimits.textBytes, tooManyBytes)
  .refine((text) => /\S/u.test(text), { error: 'must not be empty', abort: true })
  .refine((text) => !isBlank(text), 'must contain a visible character')
  .refine(
    // A UTF-16 unit takes at most three bytes, so most texts need no counting.
    (text) => text.length * 3 <= formatLimits.textBytes || utf8.encode(text).length <= formatLimits.textBytes,
    tooManyBytes,
  )
  .meta({ description: `Text, at most ${formatLimits.textBytes} bytes of UTF-8` });

/**
 * How many UTF-16 units of input may become one character: a Hangul syllable may arrive as three letters, a letter as
 * one with its marks, and white space is collapsed.
 */
const UNITS_PER_CHAR = 12;

/** Text that is normalised before its characters are counted. */
function normalizedText(maxChars: number, normalize: (text: string) => string) {
  const words = `must be at most ${maxChars} characters`;
  return plainText(maxChars * UNITS_PER_CHAR, words)
    .overwrite(normalize)
    .refine((text) => text.length <= maxChars || Array.from(text).length <= maxChars, { error: words, abort: true })
    .meta({ maxLength: maxChars });
}

/** A room's topic; empty for none. */
export const topic = normalizedText(formatLimits.topicChars, (text) => text.trim()).meta({
  description: 'What the room is about; empty for nothing',
});

function name(maxChars: number, description: string) {
  return normalizedText(maxChars, normalizeName)
    .superRefine((value, context) => {
      const problem = value === '' ? 'must not be empty' : nameProblem(value);
      if (problem) context.addIssue({ code: 'custom', message: problem });
    })
    .meta({ description, minLength: 1 });
}

/** A nickname. */
export const nickname = name(formatLimits.nicknameChars, "A person's name as others see it");

/** A room's name. */
export const roomName = name(formatLimits.roomNameChars, "A room's name");

/** The name of a part of somebody's list of rooms. */
export const sectionName = name(formatLimits.sectionNameChars, "A section's name");

/** A user as events and messages name them. */
export const userRef = z.object({ id: userId, name: z.string() }).meta({ id: 'UserRef' });

/** A user as events and messages name them. */
export type UserRef = z.infer<typeof userRef>;

/** One emoji from Unicode's list of RGI emoji. */
export const emoji = shortText(40).refine(isEmoji, 'must be one emoji').meta({ description: 'One emoji' });
