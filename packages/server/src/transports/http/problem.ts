import { type ErrorObject, fail, MadangError, PROBLEM_TYPE, toProblem } from '@madang/protocol';
import type { ErrorRequestHandler, RequestHandler, Response } from 'express';
import { toMadangError } from '../to-madang-error.js';
import { refuse } from '../calls.js';
import type { TransportParts } from '../transport.js';

/** A refusal with an HTTP status that is more specific than that of its error code. */
export class HttpRefusal extends MadangError {
  readonly status: number;

  constructor(status: 405 | 406 | 426, error: ErrorObject) {
    super(error);
    this.status = status;
  }
}

/**
 * The most seconds after which a client that got `unavailable` is to return: randomised, so that not all return at
 * once.
 */
const UNAVAILABLE_SECONDS = 5;

/** Seconds until the client may return after a 503, as a `Retry-After` value. */
export function retryAfterUnavailable(): string {
  return String(1 + Math.floor(Math.random() * UNAVAILABLE_SECONDS));
}

/** Sends an error as RFC 9457 defines it. */
export function sendProblem(response: Response, error: MadangError): void {
  const problem = toProblem(error.toJSON());
  if (error instanceof HttpRefusal) problem.status = error.status;
  if (error.retryAfter !== undefined) response.set('Retry-After', String(error.retryAfter));
  else if (problem.status === 503) response.set('Retry-After', retryAfterUnavailable());
  if (error.code === 'unauthenticated') response.set('WWW-Authenticate', 'Bearer');
  response.status(problem.status).type(PROBLEM_TYPE).send(JSON.stringify(problem));
}

/** The last route: there is nothing here, or nothing for this method. */
export const noSuchRoute: RequestHandler = (request, response) => {
  const message = `There is no ${request.method} ${request.path.slice(0, 200)} here`;
  const allowed = response.get('Allow');
  if (allowed === undefined) fail('not_found', message);
  throw new HttpRefusal(405, { code: 'not_found', message: `${message}, but ${allowed}` });
};

/** A path that no command has: costs what an unknown command does elsewhere. */
export function noSuchCommand(parts: TransportParts): RequestHandler {
  return async (request, _response, next) => {
    await parts.commands.refused({ session: undefined, address: parts.addresses.of(request) });
    next();
  };
}

/** Turns anything thrown into a problem, the body parser's errors included. */
export function problems(parts: TransportParts): ErrorRequestHandler {
  return async (error: unknown, request, response, next) => {
    if (response.headersSent) return next(error);
    const unreadable = error instanceof MadangError ? undefined : ofParser(error);
    if (!unreadable) return sendProblem(response, toMadangError(error, parts.logger));
    const caller = { session: undefined, address: parts.addresses.of(request) };
    sendProblem(response, await refuse(parts, caller, unreadable));
  };
}

/** An error of Express or its parsers that is the client's fault. */
function ofParser(error: unknown): MadangError | undefined {
  if (typeof error !== 'object' || error === null || !('status' in error) || typeof error.status !== 'number')
    return undefined;
  if (error.status < 400 || error.status > 499) return undefined;
  if (error.status === 413) return new MadangError({ code: 'too_large', message: 'The request body is too large' });
  const message = error instanceof URIError ? 'The path is not valid' : 'The request body is not valid JSON';
  return new MadangError({ code: 'invalid_input', message });
}
