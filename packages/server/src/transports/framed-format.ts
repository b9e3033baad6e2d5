import type { OwnRun, WireFormat } from '../fanout/wire-format.js';
import { type CommittedEvent, OWN_FIELD_FROM_END, type OutboundEvent } from '../log/committed.js';
import { deflatedAnswers, deflatedEvents } from './deflated-frames.js';
import { insertedFrames, textFrames } from './text-frames.js';

/** A format that encodes to ready-made WebSocket frames. */
export interface FramedFormat extends WireFormat {
  encode(events: readonly OutboundEvent[]): Buffer;
  encodeOwn?(run: OwnRun): Buffer;
  /** Frames texts for one connection alone, after frames that come first. */
  frames(texts: readonly string[], first: readonly Buffer[]): Buffer;
}

/** The same texts for clients with and without permessage-deflate: two formats, so each is encoded once. */
export interface FramedFormats {
  plain: FramedFormat;
  deflated: FramedFormat;
}

/** Makes a transport's two formats from its encoding of an event as one text: its JSON is followed by one byte. */
export function framedFormats(name: string, textOf: (event: OutboundEvent) => string): FramedFormats {
  const { plain, deflated } = sharedFormats(name, (events) => events.map(textOf));
  // A compressed frame refers to those before it, so none can be changed. Compressing for one connection is not worth
  // its CPU, and every client accepts uncompressed frames.
  const encodeOwn = (run: OwnRun) => {
    const fields = run.places.map((place) => ({ place, text: (run.events[place] as CommittedEvent).ownField }));
    return insertedFrames(run.encoded(plain) as Buffer, fields, OWN_FIELD_FROM_END + 1);
  };
  return { plain: { ...plain, encodeOwn }, deflated: { ...deflated, encodeOwn } };
}

/** The same for a wire on which everybody receives the same of an event, in any number of texts. */
export function sharedFormats(name: string, textsOf: (events: readonly OutboundEvent[]) => string[]): FramedFormats {
  return {
    plain: { name, encode: (events) => textFrames(textsOf(events)), frames: textFrames },
    deflated: {
      name: `${name}-deflated`,
      encode: (events) => deflatedEvents(textsOf(events)),
      frames: deflatedAnswers,
    },
  };
}
