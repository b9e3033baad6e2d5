import { MadangError } from '@madang/protocol';
import type { Caller } from '../commands/context.js';
import { toMadangError } from './to-madang-error.js';
import type { IncomingMessage } from 'node:http';
import type { Identity } from './credentials.js';
import { CallOrder } from './call-order.js';
import type { TransportParts } from './transport.js';

/** A caller that stays connected, with calls in flight. */
export interface Calling extends Caller {
  callsInFlight: number;
  /** There from the first call on. */
  callOrder: CallOrder | undefined;
  /** Resolves when the handshake's session is let in. Earlier calls belong to that session. */
  readonly entered?: Promise<void> | undefined;
}

/** The outcome of a call. */
export type Outcome = { result: unknown } | { error: MadangError };

/** Runs a connection's call in its turn and within its limit. Turns anything thrown into an error that a client may see. */
export async function runCall(parts: TransportParts, name: unknown, input: unknown, caller: Calling): Promise<Outcome> {
  const { commands, limits, logger } = parts;
  if (caller.callsInFlight >= limits.maxCallsInFlight) {
    const message = `More than ${limits.maxCallsInFlight} calls wait for an answer; send fewer at once`;
    return { error: new MadangError({ code: 'rate_limited', message, retryAfter: 1 }) };
  }
  caller.callsInFlight += 1;
  try {
    if (caller.entered) await caller.entered;
    const order = (caller.callOrder ??= new CallOrder());
    // Most calls begin at once. Awaiting that, too, would be a cost of every send.
    const turn = order.begin(name);
    if (turn) await turn;
    try {
      return { result: await commands.run(name, input, caller) };
    } finally {
      order.end();
    }
  } catch (error) {
    return { error: toMadangError(error, logger) };
  } finally {
    caller.callsInFlight -= 1;
  }
}

/**
 * Charges for input that is not a call. Returns the error to send: the given one, or that there was too much of such
 * input.
 */
export async function refuse(parts: TransportParts, caller: Caller, error: MadangError): Promise<MadangError> {
  try {
    await parts.commands.refused(caller);
    return error;
  } catch (tooMuch) {
    return toMadangError(tooMuch, parts.logger);
  }
}

/**
 * Whose request it is, or why it is nobody's.
 * @throws MadangError `unauthenticated` for an invalid token, which has then cost its address something
 */
export async function identityOf(parts: TransportParts, request: IncomingMessage): Promise<Identity> {
  try {
    return await parts.credentials.find(request);
  } catch (error) {
    const known = toMadangError(error, parts.logger);
    if (known.code !== 'unauthenticated') throw known;
    throw await refuse(parts, { session: undefined, address: parts.addresses.of(request) }, known);
  }
}
