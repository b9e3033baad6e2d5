import { asyncApiDocument, fail, openApiDocument } from '@madang/protocol';
import cors from 'cors';
import { type RequestHandler, Router } from 'express';
import helmet from 'helmet';
import type { Resume } from '../../fanout/resume.js';
import type { DoorParts } from '../door.js';
import type { SocketIoDoor } from '../socket-io/door.js';
import { compressedAnswers } from './compressed-answers.js';
import { eventStream } from './event-stream.js';
import { type HealthChecks, healthRoutes } from './health.js';
import { noSuchCommand, noSuchRoute, problems } from './problem.js';
import { restRoutes } from './rest.js';
import { webClientRoutes } from './web-client.js';

/** What the HTTP door is given beside what every door is. */
export interface HttpParts extends DoorParts {
  resume: Resume;
  health: HealthChecks;
  socketIo: SocketIoDoor;
  /** Whether the web client is served. */
  web: boolean;
}

/** Everything over HTTP: `/api`, Socket.IO's polling, health, the web client. An Express router, to be mounted anywhere. */
export function createHttpDoor(parts: HttpParts): Router {
  const router = Router();
  router.use(securityHeaders());
  router.use(healthRoutes(parts.health, parts.logger));
  router.use(refuseWhenStopping(parts.health));
  router.use('/api', api(parts));
  if (parts.web) router.use(webClientRoutes());
  router.use('/socket.io', (request, response, next) => {
    // Engine.IO takes any path below, and throws at some.
    if (request.path !== '/') return next();
    parts.socketIo.request(request as never, response as never);
  });
  router.use(noSuchRoute, problems(parts));
  return router;
}

/** While the server stops, only those who are here are served: their polls, which tell them so. */
function refuseWhenStopping(health: HealthChecks): RequestHandler {
  return (request, response, next) => {
    const isPoll = request.path.startsWith('/socket.io') && request.query['sid'] !== undefined;
    if (!health.isStopping() || isPoll) return next();
    response.set('Connection', 'close');
    return fail('unavailable', 'The server is stopping; come back in a moment');
  };
}

function api(parts: HttpParts): Router {
  const router = Router();
  // Without credentials: a page elsewhere may talk with a token, never with somebody's cookie.
  router.use(cors({ origin: '*', exposedHeaders: ['Retry-After'] }));
  router.use((_request, response, next) => {
    response.set('Cache-Control', 'no-store');
    response.set('Cross-Origin-Resource-Policy', 'cross-origin');
    next();
  });
  if (parts.compression) router.use(compressedAnswers);
  router.get('/openapi.json', ((request, response) => {
    response.json(openApiDocument(request.baseUrl));
  }) satisfies RequestHandler);
  router.get('/asyncapi.json', ((request, response) => {
    response.json(asyncApiDocument(request.headers.host ?? 'localhost', request.baseUrl.replace(/\/api$/, '')));
  }) satisfies RequestHandler);
  router.get('/events', eventStream(parts, parts.resume));
  router.use(restRoutes(parts));
  router.use(noSuchCommand(parts));
  return router;
}

function securityHeaders(): RequestHandler {
  return helmet({
    contentSecurityPolicy: {
      useDefaults: false,
      directives: {
        defaultSrc: ["'none'"],
        scriptSrc: ["'self'"],
        styleSrc: ["'self'"],
        imgSrc: ["'self'", 'data:'],
        fontSrc: ["'self'"],
        connectSrc: ["'self'", 'ws:', 'wss:'],
        manifestSrc: ["'self'"],
        workerSrc: ["'self'"],
        baseUri: ["'none'"],
        formAction: ["'self'"],
        frameAncestors: ["'none'"],
      },
    },
    referrerPolicy: { policy: 'no-referrer' },
    // Without TLS a browser would ignore it, and behind a proxy it is the proxy's to say.
    strictTransportSecurity: false,
    xFrameOptions: { action: 'deny' },
  });
}
