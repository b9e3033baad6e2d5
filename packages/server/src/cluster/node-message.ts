import { CommittedEvent } from '../log/committed.js';
import type { DeliveryRecord, Question } from '../fanout/delivery-records.js';
import type { ToldPresence } from '../presence/presence.js';

/** What nodes of one workspace tell each other. `node` is who tells it. */
export type NodeMessage =
  /** A node is there. `lost` counts the messages that it could not hand over. */
  | { kind: 'beat' | 'farewell'; node: string; lost: number }
  /** Events of one room that one commit brought: to the room; to a user that they let into it. */
  | {
      kind: 'events';
      node: string;
      room: string;
      events: { seq: number; name: string; body: Record<string, unknown> }[];
    }
  /** A signal, for a room or a user. */
  | { kind: 'signal'; node: string; name: string; body: Record<string, unknown>; exceptUser?: string }
  /** Whether one of the two of a direct room blocks the other. */
  | { kind: 'quiet'; node: string; room: string; quiet: boolean }
  /** A session of a user is over. */
  | { kind: 'sessionEnded'; node: string; session: string; reason: 'signed_out' | 'revoked' }
  /** People of a room whose presence on this node has changed; or, asked by `who`, all of them in parts. */
  | { kind: 'presence'; node: string; room: string; people: ToldPresence[]; answers?: 'part' | 'last' }
  /** Asks every node for the people that a room has there. */
  | { kind: 'who'; node: string; room: string }
  /** Asks every node what became of an event, and is answered with what that node knows. */
  | { kind: 'trace'; node: string; id: string; question: Question }
  | { kind: 'traced'; node: string; id: string; record?: DeliveryRecord };

/** Events as a message. Their JSON was made for the clients already. */
export function eventsMessage(node: string, room: string, events: readonly CommittedEvent[]): string {
  const parts = events.map((event) => `{"seq":${event.seq},"name":"${event.name}","body":${event.json}}`);
  return `{"kind":"events","node":"${node}","room":${JSON.stringify(room)},"events":[${parts.join(',')}]}`;
}

/** Reads a message; undefined for what a node of ours would not have written. */
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
  return message.events.map(({ seq, name, body }) => new CommittedEvent(name, body, message.room, seq));
}
