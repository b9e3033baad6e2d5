import { formatLimits } from '@madang/protocol';

/** The longest message, in bytes of UTF-8. */
export const textLimit: number = formatLimits.textBytes;

const utf8 = new TextEncoder();

/** The size of a text in UTF-8 bytes, as the server counts it. */
export function bytesOf(text: string): number {
  return utf8.encode(text).length;
}

/** How many bytes are left if that is worth showing, else undefined; negative if it is too long. */
export function bytesLeftToTell(text: string): number | undefined {
  // A UTF-16 unit takes at most 3 bytes, so short texts need no counting at each key.
  if (text.length * 3 < textLimit * 0.9) return undefined;
  const left = textLimit - bytesOf(text);
  return left < textLimit * 0.1 ? left : undefined;
}
