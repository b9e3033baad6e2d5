import { type CommandName, commands, invalidInputOf } from '@madang/protocol';
import express, { type Request, type RequestHandler, Router } from 'express';
import type { z } from 'zod';
import type { DoorParts } from '../door.js';

type Row = (typeof commands)[CommandName];

/** One route for each row of the table: path, query and body together are the command's input. */
export function restRoutes(parts: DoorParts): Router {
  const router = Router({ caseSensitive: true });
  const json = express.json({ limit: parts.limits.maxFrameBytes, type: () => true, strict: true });
  for (const row of Object.values(commands)) {
    const method = row.http.method.toLowerCase() as Lowercase<typeof row.http.method>;
    router[method](row.http.path, ...(takesBody(row) ? [json] : []), handlerOf(row, parts));
  }
  return router;
}

function takesBody(row: Row): boolean {
  return row.http.method !== 'GET' && row.http.method !== 'DELETE';
}

function handlerOf(row: Row, parts: DoorParts): RequestHandler {
  return async (request, response) => {
    const { addresses, commands: runner, credentials } = parts;
    const session = await credentials.find(request);
    const result = await runner.run(row.name, inputOf(row, request), { session, address: addresses.of(request) });
    if (row.http.session === 'begins') {
      response.set('Set-Cookie', credentials.cookieFor((result as { token: string }).token, request));
    }
    if (row.http.session === 'ends') response.set('Set-Cookie', credentials.clearedCookie(request));
    response.status(row.http.status ?? 200).json(result);
  };
}

function inputOf(row: Row, request: Request): Record<string, unknown> {
  const body: unknown = takesBody(row) ? (request.body ?? {}) : {};
  if (typeof body !== 'object' || body === null || Array.isArray(body)) {
    throw invalidInputOf([{ path: '', message: 'must be an object' }]);
  }
  const input = { ...fromQuery(row, request), ...body };
  for (const [name, value] of Object.entries(request.params)) {
    if (Object.hasOwn(body, name)) throw invalidInputOf([{ path: name, message: 'is given in the path already' }]);
    Object.assign(input, { [name]: value });
  }
  return input;
}

/** Query values are text; those of fields that are numbers or booleans are read as such, and what can't be stays text. */
function fromQuery(row: Row, request: Request): Record<string, unknown> {
  const shape: Record<string, z.ZodType> = row.input.shape;
  const entries = Object.entries(request.query).map(([name, value]) => {
    const type = Object.hasOwn(shape, name) ? typeOf(shape[name]) : undefined;
    if (typeof value !== 'string') return [name, value] as const;
    if (type === 'number' && /^-?\d{1,16}(\.\d{1,16})?$/.test(value)) return [name, Number(value)] as const;
    if (type === 'boolean' && (value === 'true' || value === 'false')) return [name, value === 'true'] as const;
    return [name, value] as const;
  });
  return Object.fromEntries(entries);
}

function typeOf(schema: z.ZodType | undefined): string | undefined {
  let inner = schema;
  while (inner && 'unwrap' in inner && typeof inner.unwrap === 'function') inner = inner.unwrap() as z.ZodType;
  return inner?.type;
}
