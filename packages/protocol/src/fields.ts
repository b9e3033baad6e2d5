import { z } from 'zod';
import { formatLimits } from './limits.js';
import { nameProblem, normalizeName } from './names.js';

/** Fields that several features share. */

const utf8 = new TextEncoder();

/** A room's id: short, opaque, for life. `lobby` is the first room's. */
export const roomId = z
  .string()
  .min(1)
  .max(40)
  .regex(/^[a-z0-9][a-z0-9_-]*$/, 'must be a room id')
  .meta({ description: "A room's id" });

/** A user's id. */
export const userId = z
  .string()
  .min(1)
  .max(100)
  .regex(/^[\x21-\x7e]+$/, 'must be a user id')
  .meta({ description: "A user's id" });

/** A message's id: `<room>.<seq>`. Clients take it as opaque. */
export const messageId = z
  .string()
  .max(60)
  .regex(/^[a-z0-9][a-z0-9_-]*\.[1-9][0-9]{0,15}$/, 'must be a message id')
  .meta({ description: "A message's id" });

/** The place of an event in its room's log: 1, 2, 3 … */
export const seq = z.int().min(1).meta({ description: "An event's place in its room's log, from 1" });

/** A cursor: all up to this seq has been seen; 0 for nothing. */
export const cursor = z.int().min(0).meta({ description: 'All up to this seq has been seen; 0 for nothing' });

/** A moment, in ms since 1970-01-01T00:00:00Z. */
export const timestamp = z.int().meta({ description: 'ms since 1970-01-01T00:00:00Z' });

/** An id that the client makes; a repeat by the same author answers with the first result. */
export const clientId = z
  .string()
  .min(1)
  .max(formatLimits.clientIdChars)
  .regex(/^[\w.:-]+$/, 'must be letters, digits and . _ : -')
  .meta({ description: 'Made by the client, unique for its author; a repeat answers with the first result' });

/** A page's size. */
export const limit = z
  .int()
  .min(1)
  .max(formatLimits.pageEntries)
  .optional()
  .meta({ description: `How many at most; ${formatLimits.defaultPageEntries} if absent` });

/** Text without what no store or screen can hold: lone surrogates and NUL. */
const plainText = z
  .string()
  .refine((text) => text.isWellFormed(), 'must be well-formed Unicode')
  .refine((text) => !text.includes('\0'), 'must not contain a NUL character');

/** A message's text. */
export const messageText = plainText
  .refine((text) => /\S/u.test(text), 'must not be empty')
  .refine(
    // No UTF-16 unit is more than three bytes: most texts need no counting.
    (text) => text.length * 3 <= formatLimits.textBytes || utf8.encode(text).length <= formatLimits.textBytes,
    `must be at most ${formatLimits.textBytes} bytes`,
  )
  .meta({ description: `Text, at most ${formatLimits.textBytes} bytes of UTF-8` });

/** A room's topic; empty for none. */
export const topic = plainText
  .overwrite((text) => text.trim())
  .max(formatLimits.topicChars)
  .meta({ description: 'What the room is about; empty for nothing' });

function name(maxChars: number, description: string) {
  return plainText
    .overwrite(normalizeName)
    .min(1)
    .max(maxChars)
    .superRefine((value, context) => {
      const problem = nameProblem(value);
      if (problem) context.addIssue({ code: 'custom', message: problem });
    })
    .meta({ description });
}

/** A nickname. */
export const nickname = name(formatLimits.nicknameChars, "A person's name as others see it");

/** A room's name. */
export const roomName = name(formatLimits.roomNameChars, "A room's name");

/** A user as events and messages name them. */
export const userRef = z.object({ id: userId, name: z.string() }).meta({ id: 'UserRef' });

/** A user as events and messages name them. */
export type UserRef = z.infer<typeof userRef>;

/** One emoji, as Unicode's list of RGI emoji has it. */
export const emoji = z
  .string()
  .max(40)
  .refine((text) => new RegExp('^\\p{RGI_Emoji}$', 'v').test(text), 'must be one emoji')
  .meta({ description: 'One emoji' });
