import type { z } from 'zod';
import { invalidInput, invalidInputOf, MAX_ISSUES } from './errors.js';

/**
 * Parses a command's input by its schema. Cheap counts come first, so that an input with ten thousand fields costs no
 * more than one with twenty.
 * @throws MadangError `invalid_input`
 */
export function parseInput<Schema extends z.ZodObject>(schema: Schema, input: unknown): z.output<Schema> {
  const given = input === undefined ? {} : input;
  refuseUnknown(schema.shape, given);
  const parsed = schema.safeParse(given);
  if (!parsed.success) throw invalidInput(parsed.error, given);
  return parsed.data;
}

function refuseUnknown(shape: object, input: unknown): void {
  if (typeof input !== 'object' || input === null || Array.isArray(input)) return;
  const unknown: string[] = [];
  for (const name of Object.keys(input)) {
    if (Object.hasOwn(shape, name)) continue;
    unknown.push(name);
    if (unknown.length >= MAX_ISSUES) {
      throw invalidInputOf(unknown.map((each) => ({ path: each.slice(0, 100), message: 'is not a known field' })));
    }
  }
}
