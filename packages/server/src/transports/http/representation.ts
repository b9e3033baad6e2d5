import { invalidInputOf, type MadangError } from '@madang/protocol';
import type { RequestHandler } from 'express';
import { isUtf8 } from 'node:buffer';
import { HttpRefusal } from './problem.js';

/** Answers that hold only for the moment: nobody caches them, so conditional requests are pointless. */
export const uncached: RequestHandler = (request, response, next) => {
  response.set('Cache-Control', 'no-store');
  for (const condition of ['if-none-match', 'if-modified-since'] as const) delete request.headers[condition];
  next();
};

/** The longest `Accept` that is parsed; browsers send some 150 characters. */
const MAX_ACCEPT_CHARS = 1000;

/** Refuses a request whose `Accept` excludes the answer's media type (RFC 9110, 12.5.1). */
export function answersIn(mediaType: string): RequestHandler {
  return (request, response, next) => {
    response.vary('Accept');
    // Parsing a longer list costs far more than its length; a server may ignore it (RFC 9110, 12.1).
    if ((request.headers.accept ?? '').length > MAX_ACCEPT_CHARS || request.accepts(mediaType)) return next();
    throw new HttpRefusal(406, {
      code: 'invalid_input',
      message: `Accept: the answer is only available as ${mediaType}`,
    });
  };
}

/** The other name that programs use for UTF-8. */
const UTF8_ALIAS = /(;\s*charset\s*=\s*"?)utf8(?=["\s;]|$)/i;

/** Reads `charset=utf8`, which is not a registered name, as UTF-8. */
export const knowsUtf8: RequestHandler = (request, _response, next) => {
  const type = request.headers['content-type'];
  if (type !== undefined) request.headers['content-type'] = type.replace(UTF8_ALIAS, '$1utf-8');
  next();
};

/**
 * Refuses a body that isn't UTF-8, which JSON between programs must be (RFC 8259, 8.1): decoded, it would be a
 * different text.
 */
export function requireUtf8(bytes: Buffer, charset: string): void {
  if (charset !== 'utf-8') throw invalidBody(`the charset must be UTF-8, not ${charset.slice(0, 40)}`);
  if (!isUtf8(bytes)) throw invalidBody('holds bytes that are not UTF-8');
}

function invalidBody(message: string): MadangError {
  return invalidInputOf([{ path: '', message: `The request body: ${message}` }]);
}
