import type { RequestHandler } from 'express';

/**
 * What follows the routes of a path: `OPTIONS` is answered with what it takes (RFC 9110, 9.3.7); any other method goes on
 * to `noSuchRoute`, which refuses it. `methods` are those that have a route; with `GET` there is `HEAD`.
 */
export function takes(...methods: string[]): RequestHandler {
  const allow = [...methods.flatMap((each) => (each === 'GET' ? ['GET', 'HEAD'] : [each])), 'OPTIONS'].join(', ');
  return (request, response, next) => {
    response.set('Allow', allow);
    if (request.method === 'OPTIONS') response.status(204).end();
    else next();
  };
}
