import type { CommittedEvent, OutboundEvent } from '../log/committed.js';
import type { Encoded, OwnRun, WireFormat } from './wire-format.js';

/** Events that are delivered together, encoded once per format. */
export class RunEncodings {
  readonly #events: readonly OutboundEvent[];
  readonly #encodings = new Map<WireFormat, Encoded>();

  constructor(events: readonly OutboundEvent[]) {
    this.#events = events;
  }

  of(format: WireFormat): Encoded {
    let encoded = this.#encodings.get(format);
    if (encoded === undefined) {
      encoded = format.encode(this.#events);
      this.#encodings.set(format, encoded);
    }
    return encoded;
  }
}

/** The same for the connections of one author, derived from everybody's encoding where the format can. */
export class OwnRunEncodings implements OwnRun {
  readonly events: readonly CommittedEvent[];
  readonly places: readonly number[];
  readonly #everybodys: RunEncodings;
  readonly #encodings = new Map<WireFormat, Encoded>();

  constructor(events: readonly CommittedEvent[], places: readonly number[], everybodys: RunEncodings) {
    this.events = events;
    this.places = places;
    this.#everybodys = everybodys;
  }

  encoded(format: WireFormat): Encoded {
    return this.#everybodys.of(format);
  }

  of(format: WireFormat): Encoded {
    if (!format.encodeOwn) return this.encoded(format);
    let encoded = this.#encodings.get(format);
    if (encoded === undefined) {
      encoded = format.encodeOwn(this);
      this.#encodings.set(format, encoded);
    }
    return encoded;
  }
}

/** The places of each author's events, of which only the author receives more. */
export function ownPlaces(events: readonly CommittedEvent[]): Map<string, number[]> {
  const authors = new Map<string, number[]>();
  for (const [place, { clientId, body }] of events.entries()) {
    if (clientId === undefined) continue;
    const places = authors.get(body.actor.id);
    if (places) places.push(place);
    else authors.set(body.actor.id, [place]);
  }
  return authors;
}
