/** A benchmark message's text, in bytes. */
const TEXT_BYTES = 100;

/** Two of these bytes occur nowhere else in a frame: the transports' JSON contains no `~`. */
const TILDE = 0x7e;

const SENDER_DIGITS = 3;
const NUMBER_DIGITS = 8;
const ZERO = 0x30;

const filler =
  'the quick brown fox jumps over the lazy dog and runs on into the workspace where all the people gather now';

/** The text of a sender's message: `~~`, the sender (3 digits), the number (8 digits), and filler up to 100 bytes. */
export function markedText(sender: number, number: number): string {
  const who = String(sender).padStart(SENDER_DIGITS, '0');
  const which = String(number).padStart(NUMBER_DIGITS, '0');
  return `~~${who}${which} ${filler}`.slice(0, TEXT_BYTES);
}

/** Whether a marker begins at this place. */
export function isMarker(buffer: Uint8Array, at: number): boolean {
  return buffer[at] === TILDE && buffer[at + 1] === TILDE;
}

/** Where a frame's marker begins, or -1. */
export function findMarker(buffer: Buffer, start: number, length: number): number {
  const at = buffer.subarray(start, start + length).indexOf('~~');
  return at < 0 ? -1 : start + at;
}

/** The sender of the message whose marker begins at `at`. */
export function senderAt(buffer: Uint8Array, at: number): number {
  return digits(buffer, at + 2, SENDER_DIGITS);
}

/** The number of that message among its sender's. */
export function numberAt(buffer: Uint8Array, at: number): number {
  return digits(buffer, at + 2 + SENDER_DIGITS, NUMBER_DIGITS);
}

function digits(buffer: Uint8Array, from: number, count: number): number {
  let value = 0;
  for (let at = from; at < from + count; at += 1) value = value * 10 + (buffer[at] as number) - ZERO;
  return value;
}
