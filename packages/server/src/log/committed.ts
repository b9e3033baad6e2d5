/** Something to tell clients: an event or a signal. Its JSON is made once, however many hear it. */
export class OutboundEvent {
  readonly name: string;
  readonly body: Record<string, unknown>;
  #json: string | undefined;

  constructor(name: string, body: Record<string, unknown>) {
    this.name = name;
    this.body = body;
  }

  get json(): string {
    return (this.#json ??= JSON.stringify(this.body));
  }
}

/** An event that is on disk. */
export class CommittedEvent extends OutboundEvent {
  readonly room: string;
  readonly seq: number;

  constructor(name: string, body: Record<string, unknown>, room: string, seq: number) {
    super(name, body);
    this.room = room;
    this.seq = seq;
  }
}

/** Events that one commit brought, in order. */
export type CommittedBatch = readonly CommittedEvent[];

/** Hears what was committed. It must not throw. */
export type CommittedListener = (batch: CommittedBatch) => void;
