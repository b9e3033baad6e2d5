import { fail } from '@madang/protocol';
import type { RequestHandler } from 'express';
import type { IncomingHttpHeaders } from 'node:http';
import { isProgram } from '../origin.js';

/**
 * Refuses a body whose type is not `application/json`: a form on any page can send the others without a preflight. Lets
 * requests through that can't come from a browser, so that `curl -d` needs no header.
 */
export const requireJson: RequestHandler = (request, _response, next) => {
  const type = request.headers['content-type']?.split(';', 1)[0]?.trim().toLowerCase();
  if (type === 'application/json' || !hasBody(request.headers) || isProgram(request)) return next();
  const given = type ? `got ${type.slice(0, 100)}` : 'it is missing';
  return fail('invalid_input', `Content-Type must be application/json; ${given}`);
};

function hasBody(headers: IncomingHttpHeaders): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;
}
