import {
  type Budget,
  type CommandName,
  type CommandOutput,
  commands,
  fail,
  isCommandName,
  MadangError,
  parseInput,
  permissions,
} from '@madang/protocol';
import { noSession, type Session } from '../identity/actor.js';
import { OutboundEvent } from '../log/committed.js';
import { placeOf } from '../log/event-record.js';
import { findMessage } from '../store/queries/messages.js';
import { type Caller, Context, type Parts } from './context.js';
import { identify, letIn, welcome } from './session.js';
import { functions, repeats } from './table.js';
import { AdmissionQueue } from './admission-queue.js';

/**
 * The only entrance for calls: row → budget → parse → policy → function → answer. The budget comes before anything
 * expensive, so that refused calls cost something too.
 */
export class Commands {
  readonly #parts: Parts;
  readonly #admissions = new AdmissionQueue();

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /** Runs a command by name. Throws a MadangError for the client; any other error is a bug. */
  async run(name: unknown, input: unknown, caller: Caller): Promise<unknown> {
    if (!isCommandName(name)) {
      await this.refused(caller);
      return fail('invalid_input', unknownCommand(name));
    }
    const row = commands[name];
    await this.#spend(priceOf(row, input), caller, row.permission === 'session.start');
    const parsed = parseInput(row.input, input);
    if (isCostly(row.budget)) await this.#admissions.take();
    try {
      const context = await this.#permit(name, parsed as { room?: string; message?: string }, caller);
      const run = functions[name] as (input: unknown, context: Context) => Promise<unknown>;
      return await run(parsed, context);
    } catch (error) {
      return this.#repeated(name, parsed, caller, error);
    }
  }

  /**
   * Charges for input that a transport refuses because it is not a call. Throws `rate_limited` if there was too much of
   * it.
   */
  refused(caller: Caller): Promise<void> {
    return this.#spend({ budget: 'refused', points: 1 }, caller);
  }

  /** Charges for opening a connection, whatever comes of it. Throws `rate_limited`. */
  opens(address: string): Promise<void> {
    return this.#parts.rateLimits.spendAddress('connect', address);
  }

  /** Finds or starts the session that a socket's handshake asks for, as `session.start` would. */
  async identify(credentials: unknown, caller: Caller): Promise<{ session: Session; token: string }> {
    const row = commands['session.start'];
    await this.#spend(priceOf(row, credentials), caller, true);
    const parsed = parseInput(row.input, credentials);
    await this.#admissions.take();
    return identify(parsed, new Context(this.#parts, caller, {}));
  }

  /**
   * The first result of a call that is refused now but has succeeded before: its author may have left the room since,
   * and must still learn that it worked (delivery contract, rule 3).
   */
  async #repeated(name: CommandName, input: unknown, caller: Caller, error: unknown): Promise<unknown> {
    const find = repeats[name] as ((input: unknown, context: Context) => Promise<unknown>) | undefined;
    const isRefused = error instanceof MadangError && (error.code === 'forbidden' || error.code === 'not_found');
    const earlier =
      find && caller.session && isRefused ? await find(input, new Context(this.#parts, caller, {})) : undefined;
    if (earlier === undefined) throw error;
    return earlier;
  }

  /** Lets in a connection whose session is known. */
  async letIn(session: Session, caller: Caller): Promise<void> {
    await this.#parts.rateLimits.spend('read', { user: session.user.id, address: caller.address });
    await this.#admissions.take();
    await letIn(session, new Context(this.#parts, caller, {}));
  }

  /** The same, and returns what `session.get` would. */
  async welcome(session: Session, caller: Caller): Promise<CommandOutput<'session.get'>> {
    await this.#parts.rateLimits.spend('read', { user: session.user.id, address: caller.address });
    await this.#admissions.take();
    return welcome(session, new Context(this.#parts, caller, {}));
  }

  /** Lets in a connection, and returns what its client must be told first. */
  async greet(session: Session, caller: Caller, token: string | undefined): Promise<OutboundEvent> {
    const state = await this.welcome(session, caller);
    return new OutboundEvent('session.started', { ...state, ...(token !== undefined && { token }) });
  }

  /** Refuses callers who may not read a room. */
  async requireReader(room: string, caller: Caller): Promise<void> {
    await this.#permit('log.read', { room }, caller);
  }

  /** The one place that decides whose budget a call spends. */
  #spend({ budget, points }: Price, { session, address }: Caller, looksForSession = false): Promise<void> {
    const { rateLimits } = this.#parts;
    // A caller who asks for another session may not be the user of the current one.
    if (looksForSession) return rateLimits.spendAddress(budget, address, points);
    return rateLimits.spend(budget, { user: session?.user.id, address }, points);
  }

  async #permit(name: CommandName, input: { room?: string; message?: string }, caller: Caller): Promise<Context> {
    const { permission } = commands[name];
    const { authority, store } = this.#parts;
    const { of } = permissions[permission];
    const user = caller.session?.user.id;
    if (user === undefined && permission !== 'session.start') throw noSession(caller.refusal);
    if (user === undefined || (of !== 'room' && of !== 'message')) {
      authority.require(caller.session, permission);
      return new Context(this.#parts, caller, {});
    }
    const place = of === 'message' ? placeOf(input.message ?? '') : { room: input.room ?? '', seq: 0 };
    const room = await store.access(place.room, user);
    if (caller.session?.user.id !== user) return fail('unauthenticated', 'The session of this connection has changed');
    if (of === 'room') {
      authority.require(caller.session, permission, { room });
      return new Context(this.#parts, caller, { access: room });
    }
    authority.require(caller.session, 'room.read', { room });
    const isKept = room !== undefined && place.seq > room.logStart;
    const message = isKept ? await findMessage(store.read, place.room, place.seq) : undefined;
    // Deleting a deleted message is no error, so that a repeat is safe.
    const isThere = message && (message.deleted_at === null || permission === 'message.delete');
    if (!room || !isThere) return fail('not_found', 'There is no such message');
    authority.require(caller.session, permission, { room, author: message.author_id });
    return new Context(this.#parts, caller, { access: room, message });
  }
}

/** The price of a call. */
interface Price {
  budget: Budget;
  points: number;
}

/**
 * The price of a call, as far as unchecked input shows. Somebody who returns with a token is not a new guest: after a
 * restart a whole office reconnects at once, from one address, and must not spend what is meant for new guests.
 */
function priceOf({ budget, cost }: Pick<(typeof commands)[CommandName], 'budget' | 'cost'>, input: unknown): Price {
  const fields = (typeof input === 'object' ? input : null) ?? {};
  if (budget === 'session' && 'token' in fields && typeof fields.token === 'string')
    return { budget: 'read', points: 1 };
  return { budget, points: Math.max(1, cost?.(fields) ?? 1) };
}

function isCostly(budget: Budget): boolean {
  return budget === 'session' || budget === 'read';
}

function unknownCommand(name: unknown): string {
  return typeof name === 'string' ? `Unknown command "${name.slice(0, 60)}"` : 'The name of a command must be a string';
}
