import type { CommandName, CommandOutput, ParsedInput } from '@madang/protocol';
import type { Context } from './context.js';

/** A command's implementation. */
export type CommandFunction<Name extends CommandName> = (
  input: ParsedInput<Name>,
  context: Context,
) => Promise<CommandOutput<Name>>;

/** Implementations by their commands' names: each file of `commands/` has those of its feature. */
export type Functions = { [Name in CommandName]?: CommandFunction<Name> };
