import type { LoggedEvent, SignalName, SignalOf } from '@madang/protocol';

// The names of the table's signals, kept complete by its types: importing the table itself would bring in every schema.
const signalNames: Record<SignalName, true> = {
  'typing.started': true,
  'presence.changed': true,
  'read.marked': true,
  'room.behind': true,
  'room.hidden': true,
  'user.blocked': true,
  'access.changed': true,
  'membership.changed': true,
  'sections.changed': true,
  'session.started': true,
  'session.ended': true,
  'server.closing': true,
};

/** A signal with its name. */
export type NamedSignal = { [N in SignalName]: { type: N } & SignalOf<N> }[SignalName];

/** Something received over the wire. */
export type Incoming = { kind: 'event'; event: LoggedEvent } | { kind: 'signal'; signal: NamedSignal };

/** Whether a name is a signal's. */
export function isSignalName(name: string): name is SignalName {
  return Object.hasOwn(signalNames, name);
}

/**
 * Distinguishes events from signals. An event of a newer server, whose name isn't in the table, is an event too, since
 * its seq counts. Anything else unknown is undefined.
 */
export function readIncoming(name: string, payload: unknown): Incoming | undefined {
  if (typeof payload !== 'object' || payload === null) return undefined;
  if (isSignalName(name)) return { kind: 'signal', signal: { ...payload, type: name } as NamedSignal };
  const { room, seq, at } = payload as Record<string, unknown>;
  if (typeof room !== 'string' || typeof seq !== 'number' || typeof at !== 'number') return undefined;
  return { kind: 'event', event: { ...payload, type: name } as LoggedEvent };
}
