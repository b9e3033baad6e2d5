import type { RequestHandler } from 'express';

/**
 * Goes after the routes of a path. Answers `OPTIONS` with the allowed methods (RFC 9110, 9.3.7); any other method
 * continues to `noSuchRoute`, which refuses it. `methods` are those that have a route; `GET` includes `HEAD`.
 */
export function takes(...methods: string[]): RequestHandler {
  const allow = [...methods.flatMap((each) => (each === 'GET' ? ['GET', 'HEAD'] : [each])), 'OPTIONS'].join(', ');
  return (request, response, next) => {
    response.set('Allow', allow);
    if (request.method === 'OPTIONS') response.status(204).end();
    else next();
  };
}
