import { formatLimits } from '@madang/protocol';

/** The longest message, in bytes of UTF-8. */
export const textLimit: number = formatLimits.textBytes;

const utf8 = new TextEncoder();

/** How many bytes a text has in UTF-8: what the server counts. */
export function bytesOf(text: string): number {
  return utf8.encode(text).length;
}

/** How many bytes are left when that is worth saying, else undefined; below 0 when it is too long. */
export function bytesLeftToTell(text: string): number | undefined {
  // At most 3 bytes come from one UTF-16 unit, so short texts need no counting at each key.
  if (text.length * 3 < textLimit * 0.9) return undefined;
  const left = textLimit - bytesOf(text);
  return left < textLimit * 0.1 ? left : undefined;
}
