import type { CommandOutput, ParsedInput } from '@madang/protocol';
import type { Context } from './context.js';
import type { Functions } from './functions.js';

/** presence.set */
function set(input: ParsedInput<'presence.set'>, context: Context): Promise<CommandOutput<'presence.set'>> {
  const { presence } = context.parts;
  if (context.caller.connection) presence.set(context.caller.connection, input.presence);
  return Promise.resolve({ presence: presence.of(context.session.user.id, 0).presence });
}

export const presenceFunctions = {
  'presence.set': set,
} satisfies Functions;
