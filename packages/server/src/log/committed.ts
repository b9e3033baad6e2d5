import type { UserRef } from '@madang/protocol';

/** An event or a signal for clients. Its JSON is made once, however many receive it. */
export class OutboundEvent {
  readonly name: string;
  readonly body: Record<string, unknown>;
  #json: string | undefined;

  /** `json` is the body's JSON, if it is already known. */
  constructor(name: string, body: Record<string, unknown>, json?: string) {
    this.name = name;
    this.body = body;
    this.#json = json;
  }

  get json(): string {
    return (this.#json ??= JSON.stringify(this.body));
  }
}

/** An event's room and seq, when it was committed, and who caused it. */
export interface EventPlace {
  room: string;
  seq: number;
  at: number;
  actor: UserRef;
}

/** What everybody in the room receives of an event. */
export type EventBody = EventPlace & Record<string, unknown>;

/** An event that is on disk. */
export class CommittedEvent extends OutboundEvent {
  declare readonly body: EventBody;
  /** The `clientId` of the message that the event created: only its author's connections receive it. */
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

  /** What the event's JSON has in addition for its author, {@link OWN_FIELD_FROM_END} characters before its end. */
  get ownField(): string {
    return this.clientId === undefined ? '' : `,"clientId":${JSON.stringify(this.clientId)}`;
  }

  /** The event as its author receives it: the JSON has the `clientId`, the body does not. */
  get own(): OutboundEvent {
    if (this.clientId === undefined) return this;
    return (this.#own ??= new OutboundEvent(this.name, this.body, this.#ownJson()));
  }

  /** Cheaper than encoding a long text a second time. */
  #ownJson(): string {
    const { json } = this;
    return json.slice(0, -OWN_FIELD_FROM_END) + this.ownField + json.slice(-OWN_FIELD_FROM_END);
  }
}

/** The field belongs to the message, which is the last field of its event. */
export const OWN_FIELD_FROM_END = 2;

/** Events that one commit brought, in order. */
export type CommittedBatch = readonly CommittedEvent[];

/** Called with each committed batch. Must not throw. */
export type CommittedListener = (batch: CommittedBatch) => void;
