import type { ErrorObject } from '@madang/protocol';

/** What a client of the namespace `/` can send (Socket.IO protocol, revision 5). */
export type Packet =
  | { kind: 'connect'; auth: unknown }
  | { kind: 'disconnect' }
  /**
   * `ack` is the number to answer with, as written; undefined if no answer is wanted. `isBinary` if attachments follow.
   */
  | { kind: 'event'; name: string; input: unknown; ack: string | undefined; isBinary: boolean }
  /** An ack for an event that was never sent. */
  | { kind: 'ack'; isBinary: boolean };

/** A packet for a namespace that does not exist. */
export interface Elsewhere {
  kind: 'elsewhere';
  namespace: string;
  isConnect: boolean;
}

/** Type, attachments (`2-`), namespace (`/admin,`), ack number, payload. */
const PACKET = /^([0-6])(?:(\d{1,4})-)?(?:(\/[^,]*)(?:,|$))?(\d{1,20})?/;

/** Parses a packet; undefined if it isn't one. Never throws. */
export function parsePacket(text: string): Packet | Elsewhere | undefined {
  const [head, type, attached, namespace = '/', ack] = PACKET.exec(text) ?? [];
  const isBinary = type === '5' || type === '6';
  if (head === undefined || isBinary !== (attached !== undefined)) return undefined;
  if (namespace !== '/') return { kind: 'elsewhere', namespace, isConnect: type === '0' };
  const payload = head.length < text.length ? parseJson(text.slice(head.length)) : undefined;
  if (type === '0') return payload === undefined || isRecord(payload) ? { kind: 'connect', auth: payload } : undefined;
  if (type === '1') return payload === undefined ? { kind: 'disconnect' } : undefined;
  if (type === '4' || !Array.isArray(payload)) return undefined;
  if (type === '3' || type === '6') return ack === undefined ? undefined : { kind: 'ack', isBinary };
  const [name, input] = payload as unknown[];
  return typeof name === 'string' ? { kind: 'event', name, input, ack, isBinary } : undefined;
}

// These are sent as Engine.IO messages, so each begins with their 4.

/** Says that the namespace is open; `id` tells the client its connection's id. */
export function connectedPacket(id: string): string {
  return `40{"sid":"${id}"}`;
}

/** Refuses to open the namespace. */
export function connectErrorPacket(error: ErrorObject): string {
  return `44${JSON.stringify({ message: error.message, data: error })}`;
}

/** Says that the namespace does not exist. */
export function noNamespacePacket(namespace: string): string {
  return `44${namespace},{"message":"Invalid namespace"}`;
}

/** Closes the namespace: a stock client doesn't reconnect on its own. */
export const disconnectPacket = '41';

/** Answers an event. `json` is the single argument of the client's callback. */
export function ackPacket(ack: string, json: string): string {
  return `43${ack}[${json}]`;
}

function isRecord(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
