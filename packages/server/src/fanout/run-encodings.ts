import type { CommittedEvent, OutboundEvent } from '../log/committed.js';
import type { Encoded, OwnRun, WireFormat } from './wire-format.js';

/** The encodings of a run, made once per format. */
export abstract class Encodings {
  #format: WireFormat | undefined;
  #encoded: Encoded = [];
  /** Those of further formats. Most runs need one, and a map for each run would cost as much as encoding it. */
  #others: Map<WireFormat, Encoded> | undefined;

  of(format: WireFormat): Encoded {
    if (format === this.#format) return this.#encoded;
    if (this.#format === undefined) {
      this.#format = format;
      return (this.#encoded = this.encode(format));
    }
    this.#others ??= new Map();
    let encoded = this.#others.get(format);
    if (encoded === undefined) {
      encoded = this.encode(format);
      this.#others.set(format, encoded);
    }
    return encoded;
  }

  protected abstract encode(format: WireFormat): Encoded;
}

/** Events that are delivered together. */
export class RunEncodings extends Encodings {
  readonly #events: readonly OutboundEvent[];

  constructor(events: readonly OutboundEvent[]) {
    super();
    this.#events = events;
  }

  protected encode(format: WireFormat): Encoded {
    return format.encode(this.#events);
  }
}

/** The same for the connections of one author, derived from everybody's encoding where the format can. */
class OwnRunEncodings extends Encodings implements OwnRun {
  readonly events: readonly CommittedEvent[];
  readonly places: number[];
  readonly #everybodys: RunEncodings;

  constructor(events: readonly CommittedEvent[], place: number, everybodys: RunEncodings) {
    super();
    this.events = events;
    this.places = [place];
    this.#everybodys = everybodys;
  }

  encoded(format: WireFormat): Encoded {
    return this.#everybodys.of(format);
  }

  protected encode(format: WireFormat): Encoded {
    return format.encodeOwn?.(this) ?? this.encoded(format);
  }
}

/** The encodings for authors, by user, of events of which they alone receive more; undefined if there are none. */
export function ownEncodings(
  events: readonly CommittedEvent[],
  everybodys: RunEncodings,
): ReadonlyMap<string, Encodings> | undefined {
  let authors: Map<string, OwnRunEncodings> | undefined;
  for (let place = 0; place < events.length; place += 1) {
    const { clientId, body } = events[place] as CommittedEvent;
    if (clientId === undefined) continue;
    authors ??= new Map();
    const own = authors.get(body.actor.id);
    if (own) own.places.push(place);
    else authors.set(body.actor.id, new OwnRunEncodings(events, place, everybodys));
  }
  return authors;
}
