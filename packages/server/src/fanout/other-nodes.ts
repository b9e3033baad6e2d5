import type { OutboundEvent } from '../log/committed.js';
import type { DeliveryRecord, Question } from './delivery-records.js';

/** What the nodes of a workspace know together, beside this one. */
export interface RecordsElsewhere {
  records: readonly (DeliveryRecord | undefined)[];
  /** Whether every node was asked and has answered. */
  isWhole: boolean;
}

/** The other nodes, as the fan-out of one sees them. */
export interface OtherNodes {
  /**
   * A user has a first connection here. Answers the rooms they are a member of, when what is committed in them from then on
   * is heard here.
   */
  roomsToHear(user: string): Promise<string[]>;
  /** A user has no connection here any more. */
  userWent(user: string): void;
  /** A user who is here became a member of a room. */
  joined(user: string, room: string): void;
  /** Nobody here hears a room any more. */
  roomLeft(room: string): void;
  /** Tells a signal to those of a room who are there. */
  signalRoom(room: string, note: OutboundEvent, exceptUser: string): void;
  /** Tells a signal to a user's connections there. */
  signalUser(user: string, note: OutboundEvent): void;
  /** Says whether one of the two of a direct room blocks the other. */
  setQuiet(room: string, quiet: boolean): void;
  /** Asks them what became of an event. */
  recordsOf(question: Question): Promise<RecordsElsewhere>;
}
