import type { CommandOutput, ParsedInput } from '@madang/protocol';
import { saveRead } from '../store/queries/messages.js';
import type { Context } from './context.js';
import type { Functions } from './functions.js';

/** read.mark */
async function mark(input: ParsedInput<'read.mark'>, context: Context): Promise<CommandOutput<'read.mark'>> {
  const { clock, store, signals } = context.parts;
  const user = context.session.user.id;
  const seq = Math.min(input.seq, context.access.head);
  if (seq > 0 && (await saveRead(store.write, { user, room: input.room, seq, at: clock.now() }))) {
    signals.told(user, 'read.marked', { room: input.room, seq }, context.caller.connection);
  }
  return { room: input.room, seq };
}

export const readFunctions = {
  'read.mark': mark,
} satisfies Functions;
