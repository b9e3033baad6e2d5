import express, { type RequestHandler, Router } from 'express';
import { existsSync, readFileSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { compressedFiles } from './compressed-files.js';
import { takes } from './methods.js';

const require = createRequire(import.meta.url);

/**
 * The web client's files, with the workspace's colour (`#rrggbb`), and Socket.IO's browser client at `socket.io/socket.io.js`, where the tutorial's page loads
 * it.
 */
export function webClientRoutes(accentColor: string | undefined): Router {
  const router = Router();
  const socketIoClient = join(dirname(require.resolve('socket.io/package.json')), 'client-dist');
  serve(router, '/socket.io', { folder: socketIoClient, cacheControl: 'public, max-age=0', index: false });
  const folder = join(dirname(require.resolve('@madang/web/package.json')), 'dist');
  if (existsSync(folder)) {
    router.get('/', withSlash);
    // Names of files in assets/ contain a hash of their contents.
    const forever = 'public, max-age=31536000, immutable';
    serve(router, '/assets', { folder: join(folder, 'assets'), cacheControl: forever, index: false });
    serveAccent(router, folder, accentColor);
    serve(router, '/', { folder, cacheControl: 'no-cache' });
  }
  return router;
}

/** The page refers to its files relative to itself, so a mounted one must be at `/chat/`, not at `/chat`. */
const withSlash: RequestHandler = (request, response, next) => {
  const [path = '', ...query] = request.originalUrl.split('?');
  // At the root, a target in absolute form may end with the host: `http://localhost`.
  if (request.baseUrl === '' || path.endsWith('/')) return next();
  return response.redirect(301, [`${request.baseUrl}/`, ...query].join('?'));
};

/** Serves the styles of the workspace's colour; none if it has none of its own. */
function serveAccent(router: Router, folder: string, color: string | undefined): void {
  const template = readFileSync(join(folder, 'accent.css'), 'utf8');
  const styles = color === undefined ? '' : template.replace(/(--workspace-accent: )#\w{6}/, `$1${color}`);
  router.get(
    '/accent.css',
    (_request, response) => void response.set('Cache-Control', 'no-cache').type('css').send(styles),
  );
}

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

/** Plain file names: nothing hidden, and no way out of the folder. */
const PLAIN = /^(\/[\w-][\w.-]*)+$/;

/** Says that a file takes only GET and HEAD. */
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
