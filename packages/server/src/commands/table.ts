import type { CommandName, CommandOutput, ParsedInput } from '@madang/protocol';
import { blockFunctions } from './block.js';
import type { Context } from './context.js';
import { deliveryFunctions } from './delivery.js';
import type { CommandFunction } from './functions.js';
import { logFunctions } from './log.js';
import { memberFunctions } from './member.js';
import { membershipFunctions } from './membership.js';
import { findSent, messageFunctions } from './message.js';
import { presenceFunctions } from './presence.js';
import { readFunctions } from './read.js';
import { roomFunctions } from './room.js';
import { sessionFunctions } from './session.js';
import { typingFunctions } from './typing.js';
import { userFunctions } from './user.js';

/** The function of every row of the protocol's table; a missing one doesn't compile. */
export const functions: { [Name in CommandName]: CommandFunction<Name> } = {
  ...sessionFunctions,
  ...userFunctions,
  ...blockFunctions,
  ...roomFunctions,
  ...memberFunctions,
  ...membershipFunctions,
  ...messageFunctions,
  ...logFunctions,
  ...typingFunctions,
  ...presenceFunctions,
  ...readFunctions,
  ...deliveryFunctions,
};

/** For calls with a `clientId`: finds the first result of an earlier call, or nothing. */
export const repeats: {
  [Name in CommandName]?: (input: ParsedInput<Name>, context: Context) => Promise<CommandOutput<Name> | undefined>;
} = {
  'message.send': findSent,
};
