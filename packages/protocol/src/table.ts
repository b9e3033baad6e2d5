import type { z } from 'zod';
import { blockCommands, blockSignals } from './block.js';
import { deliveryCommands } from './delivery.js';
import { logCommands, logSignals } from './log.js';
import { memberCommands, memberEvents } from './member.js';
import { membershipCommands, membershipSignals } from './membership.js';
import { messageCommands, messageEvents } from './message.js';
import { presenceCommands, presenceSignals } from './presence.js';
import { readCommands, readSignals } from './read.js';
import { roomCommands, roomEvents, roomSignals } from './room.js';
import { sessionCommands, sessionSignals } from './session.js';
import { typingCommands, typingSignals } from './typing.js';
import { userCommands } from './user.js';

// The table: each feature's file lists its own rows.

/** Everything a client can call, by name. */
export const commands = {
  ...sessionCommands,
  ...userCommands,
  ...blockCommands,
  ...roomCommands,
  ...memberCommands,
  ...membershipCommands,
  ...messageCommands,
  ...logCommands,
  ...typingCommands,
  ...presenceCommands,
  ...readCommands,
  ...deliveryCommands,
};

/** Everything a room's log keeps, by name. */
export const events = { ...messageEvents, ...roomEvents, ...memberEvents };

/** Everything that is sent once and not kept, by name. */
export const signals = {
  ...typingSignals,
  ...presenceSignals,
  ...readSignals,
  ...logSignals,
  ...roomSignals,
  ...membershipSignals,
  ...blockSignals,
  ...sessionSignals,
};

/** A command's name. */
export type CommandName = keyof typeof commands;

/** The input that a caller gives to a command. */
export type CommandInput<Name extends CommandName> = z.input<(typeof commands)[Name]['input']>;

/** The input that a command's function gets: parsed by its schema. */
export type ParsedInput<Name extends CommandName> = z.output<(typeof commands)[Name]['input']>;

/** A command's output. */
export type CommandOutput<Name extends CommandName> = z.output<(typeof commands)[Name]['output']>;

/** An event's name. */
export type EventName = keyof typeof events;

/** An event as it comes over the wire. */
export type EventOf<Name extends EventName> = z.output<(typeof events)[Name]['schema']>;

/** Any event with its name as `type`, as in `log.read` and `sync`. */
export type LoggedEvent = { [Name in EventName]: { type: Name } & EventOf<Name> }[EventName];

/** A signal's name. */
export type SignalName = keyof typeof signals;

/** A signal as it comes over the wire. */
export type SignalOf<Name extends SignalName> = z.output<(typeof signals)[Name]['schema']>;

/** Whether a value is a command's name. */
export function isCommandName(name: unknown): name is CommandName {
  return typeof name === 'string' && Object.hasOwn(commands, name);
}

/** Whether a value is an event's name. */
export function isEventName(name: unknown): name is EventName {
  return typeof name === 'string' && Object.hasOwn(events, name);
}
