import { randomUUID } from 'node:crypto';
import type { Bus } from '../cluster/bus.js';
import type { DeliveryRecord, DeliveryRecords, Question } from './delivery-records.js';
import type { NodeMessage } from '../cluster/node-message.js';
import type { Peers } from '../cluster/peers.js';

/** How long other nodes are waited for, in ms. */
const ANSWER_MS = 1000;

/** What is known of an event's delivery to a user at all nodes. */
export interface Trace {
  /** What the nodes know together; undefined if none knows anything. */
  record: DeliveryRecord | undefined;
  /** Whether every node was asked and knows. */
  isWhole: boolean;
}

/** This node's place among others. */
interface Place {
  node: string;
  bus: () => Bus;
  peers: Peers;
}

/** What is awaited of one question. */
interface Waiting {
  nodes: Set<string>;
  records: (DeliveryRecord | undefined)[];
  done: () => void;
}

/** Brings together what the nodes of a workspace have recorded: each knows its own connections alone. */
export class Traces {
  readonly #records: DeliveryRecords;
  readonly #waiting = new Map<string, Waiting>();
  #place: Place | undefined;

  constructor(records: DeliveryRecords) {
    this.#records = records;
  }

  /** With other nodes: how they are asked. */
  join(place: Place): void {
    this.#place = place;
  }

  /** Asks all nodes, this one included. */
  async trace(question: Question): Promise<Trace> {
    const own = this.#records.find(question);
    const others = this.#place && (await this.#ask(this.#place, question));
    const all = [own, ...(others?.records ?? [])];
    const known = all.filter((record) => record !== undefined);
    return {
      record: known.length > 0 ? merged(known) : undefined,
      isWhole: (others?.isWhole ?? true) && known.length === all.length,
    };
  }

  /** Answers a node that asks. */
  answer(message: Extract<NodeMessage, { kind: 'trace' }>): void {
    if (!this.#place) return;
    const { node, bus } = this.#place;
    const record = this.#records.find(message.question);
    const answer: NodeMessage = { kind: 'traced', node, id: message.id, ...(record && { record }) };
    bus().publish(`node:${message.node}`, JSON.stringify(answer));
  }

  /** Takes a node's answer. */
  take(message: Extract<NodeMessage, { kind: 'traced' }>): void {
    const waiting = this.#waiting.get(message.id);
    if (!waiting?.nodes.delete(message.node)) return;
    waiting.records.push(message.record);
    if (waiting.nodes.size === 0) waiting.done();
  }

  async #ask(place: Place, question: Question): Promise<{ records: Waiting['records']; isWhole: boolean }> {
    const { bus, node, peers } = place;
    const nodes = new Set(peers.heard);
    const records: Waiting['records'] = [];
    if (nodes.size > 0) {
      const id = randomUUID();
      await new Promise<void>((done) => {
        this.#waiting.set(id, { nodes, records, done });
        setTimeout(done, ANSWER_MS).unref();
        bus().publish('nodes', JSON.stringify({ kind: 'trace', node, id, question } satisfies NodeMessage));
      });
      this.#waiting.delete(id);
    }
    return { records, isWhole: peers.isWhole && nodes.size === 0 };
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
