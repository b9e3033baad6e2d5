import type { ConnectionLifecycle } from '../fanout/connection-lifecycle.js';
import type { Connections } from '../fanout/connections.js';
import type { Delivery } from '../fanout/deliver.js';
import type { DeliveryRecords } from '../fanout/delivery-records.js';
import type { OtherNodes } from '../fanout/other-nodes.js';
import type { Session } from '../identity/actor.js';
import type { SharedCount } from '../identity/rate-limits.js';
import type { CommittedBatch } from '../log/committed.js';
import type { Presence, PresenceElsewhere } from '../presence/presence.js';
import type { BusState } from './bus.js';

/** What of a node the others have to do with. */
export interface ThisNode {
  connections: Connections;
  delivery: Delivery;
  presence: Presence;
  lifecycle: ConnectionLifecycle;
  records: DeliveryRecords;
}

/** The nodes of a workspace together, as each of them sees it. On one machine it is {@link oneNode}. */
export interface Cluster extends OtherNodes, PresenceElsewhere {
  /** Whether other nodes hear of what happens here at once. */
  readonly state: BusState;
  /**
   * Comes in, before anybody does here. A bus that can't be reached now is joined when it can.
   * @throws StartError when Redis refuses.
   */
  join(here: ThisNode): Promise<void>;
  /** Takes what was committed here, and delivers it. */
  committed(batch: CommittedBatch): void;
  /** A commit failed, perhaps after it was done: whoever hears its rooms looks into the log. */
  unanswered(): void;
  /** The log may be another one from some place on: all that is heard here is compared with it. */
  newEpoch(): void;
  /** Tells the other nodes that a session is over. */
  sessionEnded(session: Session, reason: 'signed_out' | 'revoked'): void;
  /** Counts together with the other nodes; see `Bus.count`. Undefined where there is none. */
  readonly count: SharedCount | undefined;
  /** Says farewell. Safe to call twice, and without having joined. */
  close(): Promise<void>;
}
