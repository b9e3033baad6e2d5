import { CommittedEvent, type EventBody } from '../log/committed.js';
import type { DeliveryRecord, Question } from '../fanout/delivery-records.js';
import type { ToldPresence } from '../presence/presence.js';

/** Messages between the nodes of a workspace. `node` is the sender. */
export type NodeMessage =
  /** A node is alive. `lost` counts the messages that it could not hand over. */
  | { kind: 'beat' | 'farewell'; node: string; lost: number }
  /** Events of one room from one commit: sent to the room, or to a user whom they let into it. */
  | {
      kind: 'events';
      node: string;
      room: string;
      events: { name: string; body: EventBody; clientId?: string }[];
    }
  /** A signal, for a room or a user. */
  | { kind: 'signal'; node: string; name: string; body: Record<string, unknown>; exceptUser?: string }
  /** Whether one of the two in a direct room blocks the other. */
  | { kind: 'quiet'; node: string; room: string; quiet: boolean }
  /** A session has ended. */
  | { kind: 'sessionEnded'; node: string; session: string; reason: 'signed_out' | 'revoked' }
  /** Users in a room whose presence on this node has changed; or, as an answer to `who`, all of them, in parts. */
  | { kind: 'presence'; node: string; room: string; people: ToldPresence[]; answers?: 'part' | 'last' }
  /** Asks every node for its users in a room. */
  | { kind: 'who'; node: string; room: string }
  /** Asks every node for what it knows of the deliveries of an event. */
  | { kind: 'recordWanted'; node: string; id: string; question: Question }
  | { kind: 'record'; node: string; id: string; record?: DeliveryRecord };

/** Events as a message. Their JSON has already been made for the clients. */
export function eventsMessage(node: string, room: string, events: readonly CommittedEvent[]): string {
  const parts = events.map(({ name, json, clientId }) => {
    const own = clientId === undefined ? '' : `,"clientId":${JSON.stringify(clientId)}`;
    return `{"name":"${name}","body":${json}${own}}`;
  });
  return `{"kind":"events","node":"${node}","room":${JSON.stringify(room)},"events":[${parts.join(',')}]}`;
}

/** Parses a message; undefined for anything that our nodes would not have written. */
export function readNodeMessage(text: string): NodeMessage | undefined {
  try {
    const message = JSON.parse(text) as NodeMessage | null;
    return typeof message === 'object' && typeof message?.node === 'string' ? message : undefined;
  } catch {
    return undefined;
  }
}

/** The events of a message. */
export function eventsOf(message: Extract<NodeMessage, { kind: 'events' }>): CommittedEvent[] {
  return message.events.map(({ name, body, clientId }) => new CommittedEvent(name, body, clientId));
}
