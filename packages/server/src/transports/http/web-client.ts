import express, { type RequestHandler, Router } from 'express';
import { existsSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { compressedFiles } from './compressed-files.js';
import { takes } from './methods.js';

const require = createRequire(import.meta.url);

/** The web client's files, and Socket.IO's browser client at `socket.io/socket.io.js`, as the tutorial's page loads it. */
export function webClientRoutes(): Router {
  const router = Router();
  const socketIoClient = join(dirname(require.resolve('socket.io/package.json')), 'client-dist');
  serve(router, '/socket.io', { folder: socketIoClient, cacheControl: 'public, max-age=0', index: false });
  const folder = join(dirname(require.resolve('@madang/web/package.json')), 'dist');
  if (existsSync(folder)) {
    router.get('/', withSlash);
    // File names in assets/ hold a hash of what is in them.
    const forever = 'public, max-age=31536000, immutable';
    serve(router, '/assets', { folder: join(folder, 'assets'), cacheControl: forever, index: false });
    serve(router, '/', { folder, cacheControl: 'no-cache' });
  }
  return router;
}

/** The page names its files from where it is, so where it is mounted it is at `/chat/`, and not at `/chat`. */
const withSlash: RequestHandler = (request, response, next) => {
  const [path = '', ...query] = request.originalUrl.split('?');
  // At the root a target in absolute form may end with the host: `http://localhost`.
  if (request.baseUrl === '' || path.endsWith('/')) return next();
  return response.redirect(301, [`${request.baseUrl}/`, ...query].join('?'));
};

function serve(
  router: Router,
  path: string,
  { folder, cacheControl, index }: { folder: string; cacheControl: string; index?: false },
): void {
  const setHeaders = (response: express.Response) => void response.set('Cache-Control', cacheControl);
  router.use(
    path,
    compressedFiles(folder, cacheControl),
    express.static(folder, { cacheControl: false, setHeaders, ...(index === false && { index }) }),
    otherMethods(folder),
  );
}

/** Plain names of files: nothing hidden, and no way out of the folder. */
const PLAIN = /^(\/[\w-][\w.-]*)+$/;

/** Tells that a file takes GET and HEAD alone. */
function otherMethods(folder: string): express.RequestHandler {
  const getOnly = takes('GET');
  return async (request, response, next) => {
    if (request.method === 'GET' || request.method === 'HEAD') return next();
    const path = request.path === '/' ? '/index.html' : request.path;
    const found = PLAIN.test(path) ? await stat(join(folder, path)).catch(() => undefined) : undefined;
    if (found?.isFile()) getOnly(request, response, next);
    else next();
  };
}
