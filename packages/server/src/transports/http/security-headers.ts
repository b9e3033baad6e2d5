import type { RequestHandler } from 'express';
import helmet from 'helmet';
import type { Origins } from '../origin.js';

/** What a Content-Security-Policy's source may hold besides a scheme; a `Host` header may hold more. */
const PLAIN_HOST = /^https?:\/\/[\w.:[\]-]+$/;

/**
 * The headers that keep pages from doing, and others from doing to them, what they need not. `frameOrigins`: whose pages
 * may show ours in a frame; `self` for the own.
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
        // Safari's 'self' is of http(s) alone.
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
    // Without TLS a browser would ignore it, and behind a proxy it is the proxy's to say.
    strictTransportSecurity: false,
    xFrameOptions: frameOptions(frameOrigins),
  });
}

function webSocketOrigin(own: string | undefined): string {
  return own !== undefined && PLAIN_HOST.test(own) ? own.replace('http', 'ws') : "'self'";
}

/** The older header knows no other origins; browsers that know `frame-ancestors` pass it over. */
function frameOptions(frameOrigins: readonly string[]): { action: 'deny' | 'sameorigin' } | false {
  if (frameOrigins.length === 0) return { action: 'deny' };
  return frameOrigins.every((each) => each === 'self') ? { action: 'sameorigin' } : false;
}
