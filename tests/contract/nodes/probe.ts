import { type Transport, openTransport, pause } from '@madang/verify';

/** Interval between a probe's sends, in ms. */
const EVERY_MS = 100;

/** The most unanswered sends of a probe: a hanging node is still tried now and then. */
const MAX_WAITING = 60;

/** After this much silence, in ms, a probe reconnects: two of the server's heartbeats, and some. */
const SILENCE_MS = 5000;

/** What probes report: a send, its acknowledgement by a node, and its live delivery by a node. */
export interface ProbeListener {
  acknowledged(node: number, sentAt: number): void;
  shown(node: number, from: number, sentAt: number): void;
}

/** A client that stays with one node, sends there continually, and listens. */
export class Probe {
  readonly #node: number;
  readonly #url: string;
  readonly #token: string;
  readonly #listener: ProbeListener;
  #transport: Transport | undefined;
  #room: string | undefined;
  #waiting = 0;
  #isClosed = false;
  #running: Promise<unknown> | undefined;

  constructor(options: { node: number; url: string; token: string; listener: ProbeListener }) {
    this.#node = options.node;
    this.#url = options.url;
    this.#token = options.token;
    this.#listener = options.listener;
  }

  /** Connects, and joins the room, or creates it if none is given. Resolves to the room. */
  async start(room?: string): Promise<string> {
    await this.#connect();
    const call = room === undefined ? this.#call('room.create', { name: 'probes' }) : this.#call('room.join', { room });
    const made = (await call)['room'] as { id: string };
    this.#room = made.id;
    this.#running = Promise.all([this.#stay(), this.#talk()]);
    return made.id;
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#transport?.close();
    await this.#running;
  }

  async #stay(): Promise<void> {
    while (!this.#isClosed) {
      if (!this.#transport) await this.#connect().catch(() => undefined);
      await pause(EVERY_MS / 2);
    }
  }

  async #talk(): Promise<void> {
    for (let number = 1; !this.#isClosed; number += 1) {
      if (this.#transport && this.#waiting < MAX_WAITING) void this.#say(this.#transport, number);
      await pause(EVERY_MS);
    }
  }

  async #say(transport: Transport, number: number): Promise<void> {
    const sentAt = performance.now();
    const text = `${this.#node} ${sentAt}`;
    this.#waiting += 1;
    const answer = await transport.call('message.send', { room: this.#room, text, clientId: `probe-${number}` });
    this.#waiting -= 1;
    if ('result' in answer) this.#listener.acknowledged(this.#node, sentAt);
  }

  async #connect(): Promise<void> {
    const target = { url: this.#url, token: this.#token, silenceMs: SILENCE_MS };
    const hooks = {
      heard: (name: string, body: Record<string, unknown>) => this.#hear(name, body),
      closed: () => (this.#transport = undefined),
    };
    const transport = await openTransport('websocket', target, hooks, () => undefined);
    if (this.#isClosed) transport.close();
    else this.#transport = transport;
  }

  #hear(name: string, body: Record<string, unknown>): void {
    if (name !== 'message.created' || body['room'] !== this.#room) return;
    const [from, sentAt] = (body['message'] as { text: string }).text.split(' ').map(Number);
    if (from !== undefined && sentAt !== undefined) this.#listener.shown(this.#node, from, sentAt);
  }

  async #call(name: string, input: Record<string, unknown>): Promise<Record<string, unknown>> {
    const answer = await this.#transport?.call(name, input);
    if (answer && 'result' in answer) return answer.result;
    throw new Error(`${name} does not work: ${JSON.stringify(answer)}`);
  }
}
