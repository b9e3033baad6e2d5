import type { WireFormat } from '../fanout/wire-format.js';
import type { OutboundEvent } from '../log/committed.js';
import { deflatedAnswers, deflatedEvents } from './deflated-frames.js';
import { textFrames } from './text-frames.js';

/** A format that encodes to ready-made WebSocket frames. */
export interface FramedFormat extends WireFormat {
  encode(events: readonly OutboundEvent[]): Buffer;
  /** Frames texts for one connection alone. */
  frames(texts: readonly string[]): Buffer;
}

/** The same texts for clients with and without permessage-deflate: two formats, so each is encoded once. */
export interface FramedFormats {
  plain: FramedFormat;
  deflated: FramedFormat;
}

/** Makes a transport's two formats from its encoding of events as texts. */
export function framedFormats(name: string, textsOf: (events: readonly OutboundEvent[]) => string[]): FramedFormats {
  return {
    plain: { name, encode: (events) => textFrames(textsOf(events)), frames: textFrames },
    deflated: {
      name: `${name}-deflated`,
      encode: (events) => deflatedEvents(textsOf(events)),
      frames: deflatedAnswers,
    },
  };
}
