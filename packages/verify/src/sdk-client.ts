import { type Client, createClient, type EventName, MadangError, memoryOutboxStore } from '@madang/client';
import { events } from '@madang/protocol';
import type { ContractClient } from './clients.js';
import type { Answer } from './transports/transport.js';
import { type HistoryWriter, type Intent, seenOf } from './history.js';
import { within } from './random.js';
import { recordAnswer } from './record-answer.js';

/** How long the outbox may take for one message, in ms. */
const SENT_MS = 40_000;

/** An SDK client's identity and target. */
export interface SdkClientOptions {
  id: string;
  transport: 'socket.io' | 'websocket';
  url: string;
  user: string;
  token: string;
  /** All rooms of the workload; events in others are ignored. */
  rooms: readonly string[];
  history: HistoryWriter;
}

/**
 * A client made with the SDK: connection, outbox and gap repair are the SDK's own, and what its listeners receive is a
 * view. The view of a room begins with the first event they receive, since the SDK reports only new ones.
 */
export class SdkClient implements ContractClient {
  readonly id: string;
  readonly user: string;
  readonly token: string;
  readonly #client: Client;
  readonly #history: HistoryWriter;
  readonly #rooms: ReadonlySet<string>;
  #sends = 0;
  /** The seq up to which each room is shown. */
  readonly #shown = new Map<string, number>();

  constructor(options: SdkClientOptions) {
    this.id = options.id;
    this.user = options.user;
    this.token = options.token;
    this.#history = options.history;
    this.#rooms = new Set(options.rooms);
    this.#client = createClient({
      url: options.url,
      transport: options.transport,
      token: options.token,
      outbox: memoryOutboxStore(),
      backOff: { minMs: 50, maxMs: 1000 },
    });
    for (const name of Object.keys(events) as EventName[]) {
      this.#client.on(name, (event) => this.#hear(name, event as unknown as Record<string, unknown>));
    }
    // What was shown belongs to a history that is gone.
    this.#client.on('cursor.reset', ({ room }) => {
      if (this.#shown.has(room)) this.#end(room);
    });
    // A user who was removed and let in again while disconnected has a new view, without having received the leave.
    this.#client.rooms.subscribe(() => {
      for (const room of [...this.#shown.keys()]) if (!this.isMemberOf(room)) this.#end(room);
    });
  }

  start(): void {
    this.#client.connect();
  }

  isConnected(): boolean {
    return this.#client.state.get().status === 'online';
  }

  isMemberOf(room: string): boolean {
    return this.#client.rooms.get().some(({ id }) => id === room);
  }

  appliedOf(room: string): number {
    const head = this.#client.rooms.get().find(({ id }) => id === room)?.head ?? 0;
    return this.#shown.get(room) ?? head;
  }

  describe(room: string): string {
    const { status } = this.#client.state.get();
    const member = this.isMemberOf(room) ? 'a member' : 'no member';
    return `${status}, ${member}, shows up to ${this.appliedOf(room)}`;
  }

  async attempt(intent: Intent, input: Record<string, unknown>): Promise<Answer | undefined> {
    const op = this.#history.newOp();
    const { id: client, user } = this;
    if (intent.command === 'message.send') {
      // To the SDK, a repeated send is another message; no two have the same text.
      this.#sends += 1;
      const text = `${this.#sends}/${String(input['text'])}`;
      const { clientId, sent } = this.#client.send(intent.room, text);
      const own = { ...intent, cid: clientId, text: text.slice(0, 40) };
      this.#history.add({ type: 'invoked', op, client, user, intent: own });
      const lost: Answer = { lost: 'the outbox did not say' };
      const answer = await within(answerOf(sent.then((message) => ({ message }))), SENT_MS, lost);
      recordAnswer(this.#history, op, answer);
      return answer;
    }
    if (!this.isConnected()) return undefined;
    this.#history.add({ type: 'invoked', op, client, user, intent });
    const answered = await answerOf(this.#client.call(intent.command as 'room.join', input as { room: string }));
    // The SDK's own "unavailable" means that it got no answer; the server may or may not have acted.
    const isUnknown = 'error' in answered && answered.error.code === 'unavailable';
    const answer = isUnknown ? { lost: 'unanswered' } : answered;
    recordAnswer(this.#history, op, answer);
    return answer;
  }

  close(): Promise<void> {
    return this.#client.close();
  }

  #hear(name: string, body: Record<string, unknown>): void {
    const event = seenOf(name, body);
    const { id: client, user } = this;
    const { room, seq } = event;
    if (!this.#rooms.has(room)) return;
    this.#history.add({ type: 'received', client, user, connection: 0, how: 'view', event });
    if (!this.#shown.has(room)) this.#history.add({ type: 'begins', client, user, room, after: seq - 1 });
    this.#history.add({ type: 'applied', client, user, room, seq });
    this.#shown.set(room, seq);
    if (name === 'member.left' && event.user === user) this.#end(room);
  }

  #end(room: string): void {
    this.#shown.delete(room);
    this.#history.add({ type: 'ends', client: this.id, user: this.user, room });
  }
}

async function answerOf(call: Promise<object>): Promise<Answer> {
  try {
    return { result: (await call) as Record<string, unknown> };
  } catch (error) {
    if (error instanceof MadangError) return { error: { code: error.code, message: error.message } };
    return { lost: String(error) };
  }
}
