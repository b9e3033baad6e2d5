import type { CommandInput, CommandName, CommandOutput, ErrorObject } from '@madang/protocol';
import { assertAnswerSchema } from './assert-schema.ts';
import type { Inbox } from './inbox.ts';

/** An event or a signal, as a client of any transport receives it. */
export interface OutboundEvent {
  name: string;
  body: Record<string, unknown>;
}

/** What a transport answers to a call. */
export type Answer = { result: unknown; error?: undefined } | { result?: undefined; error: ErrorObject };

/** A client of one transport, reduced to what a test can do with all of them. */
export interface TransportClient extends AsyncDisposable {
  readonly transport: string;
  /** Events and signals, in the order received. */
  readonly events: Inbox<OutboundEvent>;
  /** Calls a command, and resolves to the answer or error as received. `input` may be anything. */
  ask(name: string, input?: unknown): Promise<Answer>;
  /** Resolves when the server has closed the connection. */
  readonly closed: Promise<void>;
  close(): Promise<void>;
}

/** Who connects: a guest by name, a session by its token, or nobody in particular. */
export type Credentials = { name: string } | { token: string } | undefined;

/** Opens a client of one transport. With credentials, it receives the events of its rooms once this resolves. */
export type Connect = (url: string, credentials?: Credentials) => Promise<TransportClient>;

/** The result of a call, checked against its schema; throws the error if there is one. */
export async function call<Name extends CommandName>(
  client: Pick<TransportClient, 'ask'>,
  name: Name,
  input: CommandInput<Name>,
): Promise<CommandOutput<Name>> {
  const { result, error } = await client.ask(name, input);
  if (error) throw new Refusal(name, error);
  assertAnswerSchema(name, result);
  return result as CommandOutput<Name>;
}

/** A call's error code, or `ok`. */
export async function outcome(client: Pick<TransportClient, 'ask'>, name: string, input: unknown): Promise<string> {
  const { error } = await client.ask(name, input);
  return error?.code ?? 'ok';
}

/** A call that should have succeeded did not. */
class Refusal extends Error {
  constructor(name: string, error: ErrorObject) {
    super(`${name}: ${error.code} ${error.message}`);
  }
}
