import type { LoggedEvent, SignalName, SignalOf } from '@madang/protocol';

// The names of the table's signals, in step with it by its types: the table itself would bring every schema along.
const signalNames: Record<SignalName, true> = {
  'typing.started': true,
  'presence.changed': true,
  'read.marked': true,
  'room.behind': true,
  'room.hidden': true,
  'user.blocked': true,
  'session.started': true,
  'session.ended': true,
  'server.closing': true,
};

/** A signal with its name. */
export type NamedSignal = { [N in SignalName]: { type: N } & SignalOf<N> }[SignalName];

/** What came over the wire. */
export type Incoming = { kind: 'event'; event: LoggedEvent } | { kind: 'signal'; signal: NamedSignal };

/** Whether a name is a signal's. */
export function isSignalName(name: string): name is SignalName {
  return Object.hasOwn(signalNames, name);
}

/**
 * Tells events from signals. An event of a newer server, with a name that isn't in the table, is an event too: its seq
 * counts. Anything else that is unknown is undefined.
 */
export function readIncoming(name: string, payload: unknown): Incoming | undefined {
  if (typeof payload !== 'object' || payload === null) return undefined;
  if (isSignalName(name)) return { kind: 'signal', signal: { ...payload, type: name } as NamedSignal };
  const { room, seq, at } = payload as Record<string, unknown>;
  if (typeof room !== 'string' || typeof seq !== 'number' || typeof at !== 'number') return undefined;
  return { kind: 'event', event: { ...payload, type: name } as LoggedEvent };
}
