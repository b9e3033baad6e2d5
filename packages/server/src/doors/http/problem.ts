import { fail, MadangError, PROBLEM_TYPE, toProblem } from '@madang/protocol';
import type { ErrorRequestHandler, RequestHandler, Response } from 'express';
import { toMadangError } from '../../errors.js';
import { refuse } from '../calls.js';
import type { DoorParts } from '../door.js';

/** Answers with an error as RFC 9457 has it. */
export function sendProblem(response: Response, error: MadangError): void {
  const problem = toProblem(error.toJSON());
  if (error.retryAfter !== undefined) response.set('Retry-After', String(error.retryAfter));
  if (error.code === 'unauthenticated') response.set('WWW-Authenticate', 'Bearer');
  response.status(problem.status).type(PROBLEM_TYPE).send(JSON.stringify(problem));
}

/** The last of the routes: there is nothing here. */
export const noSuchRoute: RequestHandler = (request) => {
  fail('not_found', `There is no ${request.method} ${request.path.slice(0, 200)} here`);
};

/** Where a command's route would be, and is none: it spends, as an unknown command does elsewhere. */
export function noSuchCommand(parts: DoorParts): RequestHandler {
  return async (request, _response, next) => {
    await parts.commands.refused({ session: undefined, address: parts.addresses.of(request) });
    next();
  };
}

/** Makes a problem of whatever was thrown, the body parser's errors included. */
export function problems(parts: DoorParts): ErrorRequestHandler {
  return async (error: unknown, request, response, next) => {
    if (response.headersSent) return next(error);
    const unreadable = ofParser(error);
    if (!unreadable) return sendProblem(response, toMadangError(error, parts.logger));
    const caller = { session: undefined, address: parts.addresses.of(request) };
    sendProblem(response, await refuse(parts, caller, unreadable));
  };
}

/** What Express and its parsers throw for a request that is the client's fault. */
function ofParser(error: unknown): MadangError | undefined {
  if (typeof error !== 'object' || error === null || !('status' in error) || typeof error.status !== 'number')
    return undefined;
  if (error.status < 400 || error.status > 499) return undefined;
  if (error.status === 413) return new MadangError({ code: 'too_large', message: 'The request body is too large' });
  const message = error instanceof URIError ? 'The path is not valid' : 'The request body can not be read as JSON';
  return new MadangError({ code: 'invalid_input', message });
}
