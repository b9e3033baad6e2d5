import type { WireFormat } from '../fanout/wire-format.js';
import type { OutboundEvent } from '../log/committed.js';
import { deflatedAnswers, deflatedEvents } from './deflated-frames.js';
import { textFrames } from './text-frames.js';

/** A format whose encoding is ready WebSocket frames. */
export interface FramedFormat extends WireFormat {
  encode(notes: readonly OutboundEvent[]): Buffer;
  /** Frames texts that are for one connection alone. */
  frames(texts: readonly string[]): Buffer;
}

/** The same texts for who negotiated permessage-deflate and who didn't: two formats, so each is encoded once. */
export interface FramedFormats {
  plain: FramedFormat;
  deflated: FramedFormat;
}

/** Makes a transport's formats from what it makes of notes. */
export function framedFormats(name: string, textsOf: (notes: readonly OutboundEvent[]) => string[]): FramedFormats {
  return {
    plain: { name, encode: (notes) => textFrames(textsOf(notes)), frames: textFrames },
    deflated: {
      name: `${name}-deflated`,
      encode: (notes) => deflatedEvents(textsOf(notes)),
      frames: deflatedAnswers,
    },
  };
}
