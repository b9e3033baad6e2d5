import { asyncApiDocument, fail, openApiDocument } from '@madang/protocol';
import { type Request, type RequestHandler, Router } from 'express';
import type { Resume } from '../../fanout/resume.js';
import type { TransportParts } from '../transport.js';
import type { SocketIoTransport } from '../socket-io/transport.js';
import { compressedAnswers } from './compressed-answers.js';
import { crossOrigin } from './cross-origin.js';
import { eventStream } from './event-stream.js';
import { type HealthChecks, healthRoutes } from './health.js';
import { takes } from './methods.js';
import { polling } from './polling.js';
import { HttpRefusal, noSuchCommand, noSuchRoute, problems } from './problem.js';
import { answersIn, uncached } from './representation.js';
import { restRoutes } from './rest.js';
import { securityHeaders } from './security-headers.js';
import { webClientRoutes } from './web-client.js';

/** What the HTTP transport needs besides what every transport needs. */
export interface HttpParts extends TransportParts {
  resume: Resume;
  health: HealthChecks;
  socketIo: SocketIoTransport;
  /** Whether the web client is served. */
  web: boolean;
  /** Origins whose pages may show the web client in a frame; `self` is our own. */
  frameOrigins: readonly string[];
  /** The workspace's colour, as `#rrggbb`; the web client's own if absent. */
  accentColor: string | undefined;
}

/**
 * Everything over HTTP: `/api`, Socket.IO's polling, health, the web client. An Express router that can be mounted
 * anywhere.
 */
export function createHttpTransport(parts: HttpParts): Router {
  const router = Router();
  router.use(securityHeaders(parts.origins, parts.frameOrigins));
  router.use(wholeServer);
  // Before anything that may refuse, so that an admitted page can read the reason.
  router.use(['/api', '/socket.io'], crossOrigin(parts.origins));
  router.use(healthRoutes(parts.health));
  router.use(refuseWhenStopping(parts.health));
  router.use('/api', api(parts));
  if (parts.web) router.use(webClientRoutes(parts.accentColor));
  router.use('/socket.io', polling(parts.socketIo, parts.limits.maxFrameBytes));
  router.get('/ws', needsUpgrade).all('/ws', takes('GET'));
  router.use(noSuchRoute, problems(parts));
  return router;
}

/** While the server is stopping, serves only existing clients: their polls tell them so. */
function refuseWhenStopping(health: HealthChecks): RequestHandler {
  return (request, response, next) => {
    const isPoll = request.path.startsWith('/socket.io') && request.query['sid'] !== undefined;
    if (!health.isStopping() || isPoll) return next();
    response.set('Connection', 'close');
    return fail('unavailable', 'The server is stopping; try again in a moment');
  };
}

/** The answer to a plain request for a WebSocket's path. */
const needsUpgrade: RequestHandler = (_request, response) => {
  // Node adds nothing to our `Connection` header: without `close`, a connection that should end would stay open.
  response.set({ Upgrade: 'websocket', Connection: response.shouldKeepAlive ? 'Upgrade' : 'Upgrade, close' });
  throw new HttpRefusal(426, { code: 'invalid_input', message: 'This path is a WebSocket: send an upgrade request' });
};

/** `OPTIONS *` asks about the server as a whole (RFC 9110, 9.3.7). */
const wholeServer: RequestHandler = (request, response, next) => {
  if (request.url === '*') takes('GET', 'POST', 'PUT', 'PATCH', 'DELETE')(request, response, next);
  else next();
};

function api(parts: HttpParts): Router {
  const router = Router();
  router.use((_request, response, next) => {
    response.set('Cross-Origin-Resource-Policy', 'cross-origin');
    next();
  });
  if (parts.compression) router.use(compressedAnswers);
  router.use(documents(parts));
  router.use(uncached);
  router.get('/events', answersIn('text/event-stream'), eventStream(parts, parts.resume)).all('/events', takes('GET'));
  router.use(restRoutes(parts));
  router.use(noSuchCommand(parts));
  return router;
}

/** The documents that describe the API: constant within a version, so clients can revalidate them by ETag. */
function documents({ credentials }: TransportParts): Router {
  const router = Router();
  const describe = (path: string, document: (request: Request) => object) => {
    router.get(path, answersIn('application/json'), (request, response) => {
      response.set('Cache-Control', 'no-cache').json(document(request));
    });
    router.all(path, takes('GET'));
  };
  describe('/openapi.json', (request) => openApiDocument(request.baseUrl, credentials.cookieName(request)));
  describe('/asyncapi.json', ({ baseUrl, headers }) =>
    asyncApiDocument(headers.host ?? 'localhost', baseUrl.replace(/\/api$/, '')));
  return router;
}
