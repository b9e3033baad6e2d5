import { constants, inflateRawSync } from 'node:zlib';
import type { PerMessageDeflateOptions, WebSocket } from 'ws';
import { WINDOW_BITS } from './deflated-frames.js';
import type { Inflater, Internals } from './internals.js';

/**
 * What `ws` negotiates (RFC 7692). Clients compress each message from a fresh start, so that reading them keeps no
 * memory.
 */
export const deflateOptions: PerMessageDeflateOptions = {
  clientNoContextTakeover: true,
  serverMaxWindowBits: WINDOW_BITS,
};

/** The offers that we can accept. Our frames can't keep to a smaller window, or to none between messages. */
const ACCEPTABLE =
  /^(client_no_context_takeover|client_max_window_bits(="?([89]|1[0-5])"?)?|server_max_window_bits="?1[2-5]"?)$/;

/**
 * The first offer in a `Sec-WebSocket-Extensions` header that we can accept, if any. `ws` would answer 400 to others; a
 * client whose offer isn't accepted simply goes without.
 */
export function acceptableOffer(header: string | undefined): string | undefined {
  const offers = header?.split(',').map((offer) => offer.trim());
  return offers?.find((offer) => {
    const [name, ...params] = offer.split(';').map((part) => part.trim());
    return name === 'permessage-deflate' && params.every((param) => ACCEPTABLE.test(param));
  });
}

/** The omitted end of an incoming message (RFC 7692, section 7.2.2). */
const FLUSH = Buffer.from([0x00, 0x00, 0xff, 0xff]);

/** Whether a message's first fragments have already been inflated. */
const IN_FRAGMENTS = Symbol('in fragments');

/** An inflater whose `decompress` is ours. */
type ReplacedInflater = Inflater & { [IN_FRAGMENTS]?: boolean };

/**
 * Makes a function that inflates a connection's messages synchronously. `ws` itself keeps a zlib stream of 15 KiB and
 * more from a connection's first message to its end, and uses a thread for each message, while a client's messages are
 * small. Fragmented, broken or overlong messages (above `maxBytes`) take the ordinary path, which closes with the right
 * code, and keep nothing afterwards. So does everything if the internals of `ws` are not as expected.
 */
export function inflatingAtOnce(maxBytes: number, internals: Internals): (webSocket: WebSocket) => void {
  const options = { finishFlush: constants.Z_SYNC_FLUSH, maxOutputLength: maxBytes, chunkSize: 1024 };
  const decompress: Inflater['decompress'] = function (this: ReplacedInflater, data, isLast, callback) {
    const whole = isLast && !this[IN_FRAGMENTS] ? inflate(data, options) : undefined;
    // Not in this turn: `ws` would process what follows twice.
    if (whole) {
      process.nextTick(callback, null, whole);
      return;
    }
    this[IN_FRAGMENTS] = !isLast;
    const ordinary = Object.getPrototypeOf(this) as Inflater;
    ordinary.decompress.call(this, data, isLast, (error, inflated) => {
      if (isLast) this.cleanup();
      callback(error, inflated);
    });
  };
  return (webSocket) => {
    const inflater = internals.inflater(webSocket);
    if (inflater) inflater.decompress = decompress;
  };
}

function inflate(data: Buffer, options: { maxOutputLength: number }): Buffer | undefined {
  try {
    return inflateRawSync(Buffer.concat([data, FLUSH]), options);
  } catch {
    return undefined;
  }
}
