import express, { type Request, type RequestHandler, Router } from 'express';
import { Readable } from 'node:stream';
import type { SocketIoTransport } from '../socket-io/transport.js';
import { requireUtf8 } from './representation.js';

const METHODS = ['GET', 'POST', 'OPTIONS'];

/**
 * Socket.IO's long-polling. The body is read here, because Engine.IO would decode bytes that aren't UTF-8 to something
 * else.
 * @param maxBytes the largest body; more is `too_large`
 */
export function polling(socketIo: SocketIoTransport, maxBytes: number): Router {
  const router = Router();
  const read = express.raw({ limit: maxBytes, type: () => true, inflate: false });
  const serve: RequestHandler = async (request, response, next) => {
    response.set('Allow', METHODS.join(', '));
    if (request.method === 'OPTIONS') return void response.status(204).end();
    if (!METHODS.includes(request.method)) return next();
    const body: unknown = request.body;
    const whole = Buffer.isBuffer(body) ? withBody(request, body) : request;
    await socketIo.request(whole as never, response as never);
  };
  // Engine.IO accepts any path below, and throws on some.
  const here: RequestHandler = (request, _response, next) => (request.path === '/' ? next() : next('router'));
  return router.use(here, read, serve);
}

/** A request for Engine.IO whose body has already been read. */
function withBody(request: Request, body: Buffer): Readable {
  requireUtf8(body, 'utf-8');
  const { method, url, headers, socket } = request;
  return Object.assign(Readable.from([body], { objectMode: false }), { method, url, headers, socket });
}
