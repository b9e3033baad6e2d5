import type { DeliveryRecord, DeliveryRecords, Question } from './delivery-records.js';
import type { OtherNodes } from './other-nodes.js';

/** What all nodes have recorded of an event's delivery to a user. */
export interface MergedRecord {
  /** The nodes' records merged; undefined if no node has one. */
  record: DeliveryRecord | undefined;
  /** True if every node was asked and has a record. */
  isWhole: boolean;
}

/** The delivery records of all nodes of a workspace. */
export class AllRecords {
  readonly #records: DeliveryRecords;
  readonly #others: OtherNodes;

  constructor(records: DeliveryRecords, others: OtherNodes) {
    this.#records = records;
    this.#others = others;
  }

  /** Asks all nodes, including this one. */
  async find(question: Question): Promise<MergedRecord> {
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
