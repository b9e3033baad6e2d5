import { type CommandOutput, type ParsedInput, TYPING_MS } from '@madang/protocol';
import { refOf } from '../identity/actor.js';
import type { Context } from './context.js';
import type { Functions } from './functions.js';

/** typing.start */
function start(input: ParsedInput<'typing.start'>, context: Context): Promise<CommandOutput<'typing.start'>> {
  context.parts.signals.typing(input.room, refOf(context.session.user));
  return Promise.resolve({ expiresMs: TYPING_MS });
}

export const typingFunctions = {
  'typing.start': start,
} satisfies Functions;
