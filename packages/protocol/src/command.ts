import type { z } from 'zod';
import type { Budget } from './limits.js';
import type { Permission } from './permission.js';

/** The languages that Madang speaks. */
export const languages = ['en', 'ko'] as const;

/** A language that Madang speaks. */
export type Language = (typeof languages)[number];

/** A text in every language. */
export type Text = Record<Language, string>;

/** A command's REST route. The `:fields` of the path, the query and the JSON body together are the input. */
export interface HttpRoute {
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  path: string;
  status?: 200 | 201;
  /** The answer's `token` becomes the session cookie, or the cookie is cleared. */
  session?: 'begins' | 'ends';
}

/** How a command is typed in line mode. */
export interface LineSyntax<Output> {
  /** `/verb`. */
  verb: string;
  /**
   * Input fields in order; the last takes the rest of the line. `room` defaults to the current room if it is not listed
   * here.
   */
  args: readonly string[];
  /** How many of `args` may be absent, counted from the end. */
  optional?: number;
  /** Text without a `/verb` calls this command. */
  plain?: true;
  /** The answer as lines; none if absent. */
  reply?(output: Output, language: Language): string[];
  /** The room that becomes the current one. */
  enters?(output: Output): string;
}

/** A row of the table of commands. */
export interface Command<Name extends string, Input extends z.ZodObject, Output extends z.ZodType> {
  name: Name;
  doc: Text;
  input: Input;
  output: Output;
  permission: Permission;
  budget: Budget;
  /**
   * Points of its budget that an input costs; 1 if absent. Called before the fields are validated, so they may be
   * anything.
   */
  cost?(input: { readonly [Field in keyof z.input<Input>]?: unknown }): number;
  http: HttpRoute;
  line?: LineSyntax<z.infer<Output>>;
}

/** Defines a command: everything that transports, documents, the SDK and tests know about it. */
export function defineCommand<Name extends string, Input extends z.ZodObject, Output extends z.ZodType>(
  command: Command<Name, Input, Output>,
): Command<Name, Input, Output> {
  return command;
}

/**
 * A feature's rows by their names. Its file lists them in the order in which documents and `/help` show them. A row that is
 * not listed doesn't compile: nothing else uses it.
 */
export function byName<const Rows extends readonly { name: string }[]>(
  ...rows: Rows
): { readonly [Row in Rows[number] as Row['name']]: Row } {
  return Object.fromEntries(rows.map((row) => [row.name, row])) as never;
}
