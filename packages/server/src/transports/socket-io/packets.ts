import type { ErrorObject } from '@madang/protocol';

/** What a client of the namespace `/` can say (Socket.IO protocol, revision 5). */
export type Packet =
  | { kind: 'connect'; auth: unknown }
  | { kind: 'disconnect' }
  /**
   * `ack` is the number to answer under, as it was written; undefined where no answer is asked for. `isBinary` where
   * attachments follow.
   */
  | { kind: 'event'; name: string; input: unknown; ack: string | undefined; isBinary: boolean }
  /** An answer to something that was never asked. */
  | { kind: 'ack'; isBinary: boolean };

/** A packet for a namespace that there is not. */
export interface Elsewhere {
  kind: 'elsewhere';
  namespace: string;
  isConnect: boolean;
}

/** Type, attachments (`2-`), namespace (`/admin,`), ack number, payload. */
const PACKET = /^([0-6])(?:(\d{1,4})-)?(?:(\/[^,]*)(?:,|$))?(\d{1,20})?/;

/** Reads a packet; undefined for what is none. Never throws. */
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

// What is said goes as Engine.IO messages, so each begins with their 4.

/** Says that the namespace is open; `id` is the connection's, for the client to know. */
export function connectedPacket(id: string): string {
  return `40{"sid":"${id}"}`;
}

/** Refuses to open the namespace. */
export function connectErrorPacket(error: ErrorObject): string {
  return `44${JSON.stringify({ message: error.message, data: error })}`;
}

/** Says that there is no such namespace. */
export function noNamespacePacket(namespace: string): string {
  return `44${namespace},{"message":"Invalid namespace"}`;
}

/** Closes the namespace: a stock client doesn't come back by itself. */
export const disconnectPacket = '41';

/** Answers an event. `json` is the one argument of the client's callback. */
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
