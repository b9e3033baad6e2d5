import express, { Router } from 'express';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

const require = createRequire(import.meta.url);

/** The web client's files, and Socket.IO's browser client at `socket.io/socket.io.js`, as the tutorial's page loads it. */
export function webClientRoutes(): Router {
  const router = Router();
  const socketIoClient = join(dirname(require.resolve('socket.io/package.json')), 'client-dist');
  router.use('/socket.io', express.static(socketIoClient, { index: false, fallthrough: true }));
  const folder = join(dirname(require.resolve('@madang/web/package.json')), 'dist');
  if (existsSync(folder)) {
    // File names in assets/ hold a hash of what is in them.
    router.use('/assets', express.static(join(folder, 'assets'), { immutable: true, maxAge: '1y', fallthrough: true }));
    router.use(
      express.static(folder, {
        cacheControl: false,
        setHeaders: (response) => response.set('Cache-Control', 'no-cache'),
      }),
    );
  }
  return router;
}
