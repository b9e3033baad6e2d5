import type { DeliveryRecord, DeliveryRecords, Question } from './delivery-records.js';
import type { OtherNodes } from './other-nodes.js';

/** What all nodes know of an event's delivery to a user. */
export interface Trace {
  /** The combined record of the nodes; undefined if none has any. */
  record: DeliveryRecord | undefined;
  /** Whether every node was asked and knows. */
  isWhole: boolean;
}

/** Combines what the nodes of a workspace have recorded. */
export class Traces {
  readonly #records: DeliveryRecords;
  readonly #others: OtherNodes;

  constructor(records: DeliveryRecords, others: OtherNodes) {
    this.#records = records;
    this.#others = others;
  }

  /** Asks all nodes, including this one. */
  async trace(question: Question): Promise<Trace> {
    const own = this.#records.find(question);
    const others = await this.#others.recordsOf(question);
    const all = [own, ...others.records];
    const known = all.filter((record) => record !== undefined);
    return {
      record: known.length > 0 ? merged(known) : undefined,
      isWhole: others.isWhole && known.length === all.length,
    };
  }
}

function merged(records: readonly DeliveryRecord[]): DeliveryRecord {
  const outcomes = records.flatMap((record) => record.outcomes).sort((a, b) => a.openedAt - b.openedAt);
  const lastSeen = records.flatMap(({ lastSeenAt }) => lastSeenAt ?? []);
  const back = records.flatMap(({ backAt }) => backAt ?? []);
  return {
    outcomes,
    ...(lastSeen.length > 0 && { lastSeenAt: Math.max(...lastSeen) }),
    ...(back.length > 0 && { backAt: Math.min(...back) }),
  };
}
