import type { RequestHandler } from 'express';
import helmet from 'helmet';
import type { Origins } from '../origin.js';

/** What a source in a Content-Security-Policy may contain besides a scheme; a `Host` header may contain more. */
const PLAIN_HOST = /^https?:\/\/[\w.:[\]-]+$/;

/**
 * Headers that deny pages, and other sites' pages, whatever they don't need. `frameOrigins`: whose pages may show ours
 * in a frame; `self` for our own.
 */
export function securityHeaders(origins: Origins, frameOrigins: readonly string[]): RequestHandler {
  return helmet({
    contentSecurityPolicy: {
      useDefaults: false,
      directives: {
        defaultSrc: ["'none'"],
        scriptSrc: ["'self'"],
        styleSrc: ["'self'"],
        imgSrc: ["'self'", 'data:'],
        fontSrc: ["'self'"],
        // Safari's 'self' covers http(s) only.
        connectSrc: ["'self'", (request) => webSocketOrigin(origins.own(request))],
        manifestSrc: ["'self'"],
        workerSrc: ["'self'"],
        baseUri: ["'none'"],
        formAction: ["'self'"],
        frameAncestors:
          frameOrigins.length === 0 ? ["'none'"] : frameOrigins.map((each) => (each === 'self' ? "'self'" : each)),
      },
    },
    referrerPolicy: { policy: 'no-referrer' },
    // Without TLS a browser would ignore it, and behind a proxy the proxy decides.
    strictTransportSecurity: false,
    xFrameOptions: frameOptions(frameOrigins),
  });
}

function webSocketOrigin(own: string | undefined): string {
  return own !== undefined && PLAIN_HOST.test(own) ? own.replace('http', 'ws') : "'self'";
}

/** The older header has no way to name other origins; browsers that know `frame-ancestors` ignore it. */
function frameOptions(frameOrigins: readonly string[]): { action: 'deny' | 'sameorigin' } | false {
  if (frameOrigins.length === 0) return { action: 'deny' };
  return frameOrigins.every((each) => each === 'self') ? { action: 'sameorigin' } : false;
}
