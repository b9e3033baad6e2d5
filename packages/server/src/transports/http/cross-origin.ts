import { fail } from '@madang/protocol';
import cors from 'cors';
import type { RequestHandler } from 'express';
import type { Origins } from '../origin.js';

/** With errors: when to come back, and which methods there are. */
const exposedHeaders = ['Allow', 'Retry-After'];

/**
 * What pages of other origins may do, in terms of CORS (WHATWG Fetch, 3.2): listed origins may use credentials; others
 * may call without credentials, or not at all. Throws `forbidden` for the latter.
 */
export function crossOrigin(origins: Origins): RequestHandler {
  // The routes answer a preflight like any OPTIONS request.
  const common = { exposedHeaders, preflightContinue: true };
  const withCredentials = cors({ origin: true, credentials: true, ...common });
  const without = cors({ origin: '*', ...common });
  return (request, response, next) => {
    response.vary('Origin');
    if (!origins.admits(request)) return fail('forbidden', 'This server does not serve pages of other origins');
    const answer: RequestHandler = origins.isListed(request.headers.origin) ? withCredentials : without;
    return answer(request, response, next);
  };
}
