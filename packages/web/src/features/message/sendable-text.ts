import { isBlank } from '@madang/protocol';
import { bytesOf, textLimit } from './byte-limit.js';

/** Whether the server would take a text: it shows something, and is not too long. */
export function isSendable(text: string): boolean {
  // No character takes less than a byte for each of its UTF-16 units, so a text that is far too long needs no counting.
  return text.length <= textLimit && !isBlank(text) && bytesOf(text) <= textLimit;
}

/** A text as it is sent: without empty lines before it and white space after it. Its first line stays indented. */
export function asSent(text: string): string {
  return text.trimEnd().replace(/^(?:[^\S\n]*\n)+/, '');
}
