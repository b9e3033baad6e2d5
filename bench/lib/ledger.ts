import type { Histogram } from './histogram.ts';
import type { LoadListener } from './load-client.ts';
import { numberAt, senderAt } from './marker.ts';

/** Who receives whose messages in a run. */
export interface Audience {
  clients: number;
  /** The clients that send; a sender's number is its place in this list. */
  senders: readonly number[];
  /** For each sender, the clients that receive its messages. */
  hearers(sender: number): readonly number[];
}

/**
 * The accounts of a run: every delivered message is checked, and one that is missing, repeated or out of its sender's
 * order is a fault that voids the run.
 */
export class Ledger implements LoadListener {
  readonly #audience: Audience;
  readonly #senderOf: Map<number, number>;
  readonly #ring: number;
  /** For each client and sender, the number expected next. */
  readonly #expected: Int32Array;
  /** For each sender and message in flight, how many clients have not received it yet. */
  readonly #waiting: Int32Array;
  readonly #sentAt: Float64Array;
  readonly #isAnswered: Uint8Array;
  readonly #sent: Int32Array;
  readonly #hearers: Int32Array;
  /** Messages delivered, answered, and received by everybody. */
  deliveries = 0;
  answers = 0;
  completed = 0;
  fault: string | undefined;
  /** While set, records the time from sending to each delivery. */
  latency: Histogram | undefined;
  /** While set, records the time from sending to the answer. */
  ackLatency: Histogram | undefined;
  /** Called when everybody has received a message. */
  onCompleted: ((sender: number) => void) | undefined;
  /** Called when a message was answered. */
  onAnswered: ((sender: number) => void) | undefined;

  /** `ring` is how many messages of one sender may be in flight; a power of two. */
  constructor(audience: Audience, ring = 1024) {
    const { clients, senders } = audience;
    this.#audience = audience;
    this.#ring = ring;
    this.#senderOf = new Map(senders.map((client, sender) => [client, sender]));
    this.#expected = new Int32Array(clients * senders.length);
    this.#waiting = new Int32Array(senders.length * ring);
    this.#sentAt = new Float64Array(senders.length * ring);
    this.#isAnswered = new Uint8Array(senders.length * ring);
    this.#sent = new Int32Array(senders.length);
    this.#hearers = Int32Array.from(senders, (_client, sender) => audience.hearers(sender).length);
  }

  /** Messages that were sent. */
  get sent(): number {
    return this.#sent.reduce((sum, each) => sum + each, 0);
  }

  /** Enters a message that is about to be sent, as of `now`; returns its number. */
  book(sender: number, now: number): number {
    const number = this.#sent[sender] as number;
    const slot = sender * this.#ring + (number & (this.#ring - 1));
    if (this.#waiting[slot] !== 0) this.#void(`the generator has more than ${this.#ring} messages in flight`);
    this.#sent[sender] = number + 1;
    this.#waiting[slot] = this.#hearers[sender] as number;
    this.#sentAt[slot] = now;
    this.#isAnswered[slot] = 0;
    return number;
  }

  delivered(client: number, buffer: Buffer, at: number, now: number): void {
    const sender = senderAt(buffer, at);
    const number = numberAt(buffer, at);
    const senders = this.#sent.length;
    const place = client * senders + sender;
    if (sender >= senders || number !== this.#expected[place]) {
      this.#void(
        `client ${client} heard message ${number} of sender ${sender}, and expected ${this.#expected[place] ?? 'nobody'}`,
      );
      return;
    }
    this.#expected[place] = number + 1;
    this.deliveries += 1;
    const slot = sender * this.#ring + (number & (this.#ring - 1));
    const waiting = (this.#waiting[slot] as number) - 1;
    this.#waiting[slot] = waiting;
    if (this.latency) this.latency.record(now - (this.#sentAt[slot] as number));
    if (waiting > 0) return;
    this.completed += 1;
    this.onCompleted?.(sender);
  }

  answered(client: number, id: number, error: string | undefined): void {
    const sender = this.#senderOf.get(client) ?? -1;
    const slot = sender * this.#ring + (id & (this.#ring - 1));
    if (error !== undefined) this.#void(`a message was refused: ${error}`);
    else if (this.#isAnswered[slot] !== 0) this.#void(`message ${id} of sender ${sender} was answered twice`);
    else {
      this.#isAnswered[slot] = 1;
      this.answers += 1;
      this.ackLatency?.record(performance.now() - (this.#sentAt[slot] as number));
      this.onAnswered?.(sender);
    }
  }

  /** Whether everybody has received everything that was sent. */
  get isSettled(): boolean {
    return this.completed === this.sent;
  }

  /** Throws unless everybody has received everything, once and in order. */
  check(): void {
    if (this.fault !== undefined) throw new Error(`void: ${this.fault}`);
    const senders = this.#sent.length;
    for (let sender = 0; sender < senders; sender += 1) {
      for (const client of this.#audience.hearers(sender)) {
        const heard = this.#expected[client * senders + sender] as number;
        const sent = this.#sent[sender] as number;
        if (heard !== sent)
          throw new Error(`void: client ${client} heard ${heard} of the ${sent} messages of sender ${sender}`);
      }
    }
  }

  #void(fault: string): void {
    this.fault ??= fault;
  }
}
