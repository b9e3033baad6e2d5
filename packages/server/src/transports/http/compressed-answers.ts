import type { RequestHandler } from 'express';
import { gzip } from 'node:zlib';
import { carriesToken } from '../carries-token.js';

/** Smaller answers, in bytes, are not compressed. */
const MIN_BYTES = 1024;

/** Level 1: higher levels cost up to twice as much for 3 % fewer bytes. */
const LEVEL = 1;

/**
 * Makes `response.json` compress large answers for clients that accept gzip, on zlib's own threads. Leaves streams
 * alone.
 */
export const compressedAnswers: RequestHandler = (request, response, next) => {
  const plain = response.json.bind(response);
  response.json = (body: unknown) => {
    const text = JSON.stringify(body);
    response.vary('Accept-Encoding');
    if (text.length < MIN_BYTES || carriesToken(text) || !request.acceptsEncodings('gzip')) {
      return plain(body);
    }
    gzip(text, { level: LEVEL }, (error, bytes) => {
      if (error) plain(body);
      else response.set('Content-Encoding', 'gzip').type('json').send(bytes);
    });
    return response;
  };
  next();
};
