import { randomUUID } from 'node:crypto';
import type { DeliveryRecord, DeliveryRecords, Question } from '../fanout/delivery-records.js';
import type { RecordsElsewhere } from '../fanout/other-nodes.js';
import type { Bus } from './bus.js';
import type { NodeMessage } from './node-message.js';
import type { Peers } from './peers.js';

/** How long to wait for other nodes, in ms. */
const ANSWER_MS = 1000;

/** Dependencies. */
interface RecordExchangeParts {
  node: string;
  bus: () => Bus;
  peers: Peers;
  records: DeliveryRecords;
}

/** The answers awaited for one question. */
interface Waiting {
  nodes: Set<string>;
  records: (DeliveryRecord | undefined)[];
  done: () => void;
}

/** Asks other nodes for their delivery records, since each node records only its own connections. */
export class RecordExchange {
  readonly #parts: RecordExchangeParts;
  readonly #waiting = new Map<string, Waiting>();

  constructor(parts: RecordExchangeParts) {
    this.#parts = parts;
  }

  /** Asks the other nodes. */
  async ask(question: Question): Promise<RecordsElsewhere> {
    const { bus, node, peers } = this.#parts;
    const nodes = new Set(peers.heard);
    const records: Waiting['records'] = [];
    if (nodes.size > 0) {
      const id = randomUUID();
      await new Promise<void>((done) => {
        this.#waiting.set(id, { nodes, records, done });
        setTimeout(done, ANSWER_MS).unref();
        bus().publish('nodes', JSON.stringify({ kind: 'recordWanted', node, id, question } satisfies NodeMessage));
      });
      this.#waiting.delete(id);
    }
    return { records, isWhole: peers.isWhole && nodes.size === 0 };
  }

  /** Answers a node's question. */
  answer(message: Extract<NodeMessage, { kind: 'recordWanted' }>): void {
    const { node, bus, records } = this.#parts;
    const record = records.find(message.question);
    const answer: NodeMessage = { kind: 'record', node, id: message.id, ...(record && { record }) };
    bus().publish(`node:${message.node}`, JSON.stringify(answer));
  }

  /** Receives a node's answer. */
  take(message: Extract<NodeMessage, { kind: 'record' }>): void {
    const waiting = this.#waiting.get(message.id);
    if (!waiting?.nodes.delete(message.node)) return;
    waiting.records.push(message.record);
    if (waiting.nodes.size === 0) waiting.done();
  }
}
