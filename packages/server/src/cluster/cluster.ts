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

/** The parts of this node that other nodes affect. */
export interface ThisNode {
  connections: Connections;
  delivery: Delivery;
  presence: Presence;
  lifecycle: ConnectionLifecycle;
  records: DeliveryRecords;
}

/** The nodes of a workspace, as seen by one of them. On one machine it is {@link oneNode}. */
export interface Cluster extends OtherNodes, PresenceElsewhere {
  /** Whether other nodes learn at once of what happens here. */
  readonly state: BusState;
  /**
   * Joins the cluster, before this node takes clients. If the bus can't be reached, joins it as soon as it can.
   * @throws StartError if Redis refuses.
   */
  join(here: ThisNode): Promise<void>;
  /** Publishes and delivers a commit of this node. */
  committed(batch: CommittedBatch): void;
  /** A commit failed, but may have happened: nodes that follow its rooms check the log. */
  unanswered(): void;
  /** The log is another one, or may lack events: stops following it, and meets the nodes that have the same. */
  newEpoch(): void;
  /** Tells the other nodes that a session has ended. */
  sessionEnded(session: Session, reason: 'signed_out' | 'revoked'): void;
  /** Counts together with the other nodes; see `Bus.count`. Undefined if there are none. */
  readonly count: SharedCount | undefined;
  /** Says farewell. May be called twice, and without having joined. */
  close(): Promise<void>;
}
