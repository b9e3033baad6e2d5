import type { RequestHandler } from 'express';
import { readFile, stat } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { promisify } from 'node:util';
import { brotliCompress, constants, gzip } from 'node:zlib';

/** Plain file names of compressible types: nothing hidden, and no way out of the folder. */
const COMPRESSIBLE = /^(\/[\w-][\w.-]*)+\.(css|html|js|json|map|mjs|svg|txt|webmanifest)$/;

/** Smaller files, in bytes, are not compressed. */
const MIN_BYTES = 1024;

type Encoding = 'br' | 'gzip';

/** Once per file, on zlib's own threads: some 30 ms for the largest. */
const compress: Record<Encoding, (bytes: Buffer) => Promise<Buffer>> = {
  br: (bytes) => promisify(brotliCompress)(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: 9 } }),
  gzip: (bytes) => promisify(gzip)(bytes, { level: 9 }),
};

/**
 * Serves a folder's files compressed to clients that accept it. Each is compressed on its first request, and kept in
 * memory until it changes on disk. Other requests continue to the handler that serves files as they are. Why not a
 * library: docs/decisions/0005-own-code-kept.md.
 */
export function compressedFiles(folder: string, cacheControl: string): RequestHandler {
  const kept = new Map<string, { version: string; bytes: Promise<Buffer> }>();
  return async (request, response, next) => {
    const path = request.path === '/' ? '/index.html' : request.path;
    if ((request.method !== 'GET' && request.method !== 'HEAD') || !COMPRESSIBLE.test(path)) return next();
    response.vary('Accept-Encoding');
    // Browsers list what they accept in no useful order; brotli is smaller.
    const encoding = (['br', 'gzip'] as const).find((each) => request.acceptsEncodings(each));
    if (!encoding || request.headers.range !== undefined) return next();
    const file = join(folder, path);
    const found = await stat(file).catch(() => undefined);
    if (!found?.isFile() || found.size < MIN_BYTES) return next();
    const key = `${encoding} ${path}`;
    const version = `${found.mtimeMs} ${found.size}`;
    let entry = kept.get(key);
    if (entry?.version !== version) {
      entry = { version, bytes: readFile(file).then(compress[encoding]) };
      kept.set(key, entry);
      entry.bytes.catch(() => kept.delete(key));
    }
    const bytes = await entry.bytes;
    response.set({ 'Content-Encoding': encoding, 'Cache-Control': cacheControl });
    response.type(extname(path)).send(bytes);
  };
}
