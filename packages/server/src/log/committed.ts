import type { UserRef } from '@madang/protocol';

/** Something to tell clients: an event or a signal. Its JSON is made once, however many hear it. */
export class OutboundEvent {
  readonly name: string;
  readonly body: Record<string, unknown>;
  #json: string | undefined;

  /** `json` is the body's, where it is known already. */
  constructor(name: string, body: Record<string, unknown>, json?: string) {
    this.name = name;
    this.body = body;
    this.#json = json;
  }

  get json(): string {
    return (this.#json ??= JSON.stringify(this.body));
  }
}

/** What an event tells everybody who hears its room. */
export interface EventBody {
  [field: string]: unknown;
  room: string;
  seq: number;
  at: number;
  actor: UserRef;
}

/** An event that is on disk. */
export class CommittedEvent extends OutboundEvent {
  declare readonly body: EventBody;
  /** The `clientId` of the message that it made: for the author's own connections alone. */
  readonly clientId: string | undefined;
  #own: OutboundEvent | undefined;

  constructor(name: string, body: EventBody, clientId?: string) {
    super(name, body);
    this.clientId = clientId;
  }

  get room(): string {
    return this.body.room;
  }

  get seq(): number {
    return this.body.seq;
  }

  /** The event as its author is told it. Only the JSON has the `clientId`; the body is everybody's. */
  get own(): OutboundEvent {
    if (this.clientId === undefined) return this;
    return (this.#own ??= new OutboundEvent(this.name, this.body, withClientId(this.json, this.clientId)));
  }
}

/** Adds to the message, which is the last field of its event: cheaper than a second look at a long text. */
function withClientId(json: string, clientId: string): string {
  return `${json.slice(0, -2)},"clientId":${JSON.stringify(clientId)}}}`;
}

/** Events that one commit brought, in order. */
export type CommittedBatch = readonly CommittedEvent[];

/** Hears what was committed. It must not throw. */
export type CommittedListener = (batch: CommittedBatch) => void;
