import type { OutboundEvent } from '../log/committed.js';
import type { DeliveryRecord, Question } from './delivery-records.js';

/** The combined records of the other nodes. */
export interface RecordsElsewhere {
  records: readonly (DeliveryRecord | undefined)[];
  /** Whether every node was asked and has answered. */
  isWhole: boolean;
}

/** The other nodes, as the fan-out sees them. */
export interface OtherNodes {
  /**
   * A user's first connection here. Returns the rooms they are a member of, once everything committed there from then
   * on arrives here.
   */
  roomsToHear(user: string): Promise<string[]>;
  /** A user has no connection here any more. */
  userWent(user: string): void;
  /** A user connected here became a member of a room. */
  joined(user: string, room: string): void;
  /** A room has no connections here any more. */
  roomLeft(room: string): void;
  /** Sends a signal to a room's connections on the other nodes. */
  signalRoom(room: string, signal: OutboundEvent, exceptUser: string): void;
  /** Sends a signal to a user's connections on the other nodes. */
  signalUser(user: string, signal: OutboundEvent): void;
  /** Tells the other nodes whether one of the two in a direct room blocks the other. */
  setQuiet(room: string, quiet: boolean): void;
  /** Asks the other nodes about the deliveries of an event. */
  recordsOf(question: Question): Promise<RecordsElsewhere>;
}
