import { fail, MadangError, PROBLEM_TYPE, toProblem } from '@madang/protocol';
import type { ErrorRequestHandler, RequestHandler, Response } from 'express';
import { toMadangError } from '../../errors.js';
import type { Logger } from '../../logger.js';

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

/** Makes a problem of whatever was thrown, the body parser's errors included. */
export function problems(logger: Logger): ErrorRequestHandler {
  return (error: unknown, _request, response, next) => {
    if (response.headersSent) return next(error);
    sendProblem(response, ofParser(error) ?? toMadangError(error, logger));
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
