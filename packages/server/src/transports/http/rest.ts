import { type CommandName, commands, type InputIssue, invalidInputOf } from '@madang/protocol';
import express, { type Request, type RequestHandler, Router } from 'express';
import type { z } from 'zod';
import { identityOf, refuse } from '../calls.js';
import type { TransportParts } from '../transport.js';
import { takes } from './methods.js';
import { answersIn, knowsUtf8, requireUtf8 } from './representation.js';
import { requireJson } from './require-json.js';

type Row = (typeof commands)[CommandName];

/** One route per row of the table: path, query and body together are the command's input. */
export function restRoutes(parts: TransportParts): Router {
  const router = Router({ caseSensitive: true });
  const json = express.json({
    limit: parts.limits.maxFrameBytes,
    type: () => true,
    strict: true,
    verify: (_request, _response, bytes, charset) => requireUtf8(bytes, charset),
  });
  const methods = new Map<string, string[]>();
  for (const row of Object.values(commands)) {
    const { method, path } = row.http;
    const name = method.toLowerCase() as Lowercase<typeof method>;
    router[name](
      path,
      answersIn('application/json'),
      ...(takesBody(row) ? [requireJson, knowsUtf8, json] : []),
      handlerOf(row, parts),
    );
    methods.set(path, [...(methods.get(path) ?? []), method]);
  }
  for (const [path, ofPath] of methods) router.all(path, takes(...ofPath));
  return router;
}

function takesBody(row: Row): boolean {
  return row.http.method !== 'GET' && row.http.method !== 'DELETE';
}

function handlerOf(row: Row, parts: TransportParts): RequestHandler {
  return async (request, response) => {
    const { addresses, commands: runner } = parts;
    const { session, refusal } = await identityOf(parts, request);
    const caller = { session, refusal, address: addresses.of(request) };
    const misplaced = misplacedIn(row, request);
    if (misplaced) throw await refuse(parts, caller, invalidInputOf([misplaced]));
    const result = await runner.run(row.name, inputOf(row, request), caller);
    const cookie = cookieAfter(row, result, request, parts);
    if (cookie !== undefined) response.set('Set-Cookie', cookie);
    response.status(row.http.status ?? 200).json(result);
  };
}

/** The `Set-Cookie` header of a call that starts or ends a session. */
function cookieAfter(row: Row, result: unknown, request: Request, { credentials }: TransportParts): string | undefined {
  if (row.http.session === 'begins') return credentials.cookieFor((result as { token: string }).token, request);
  return row.http.session === 'ends' ? credentials.clearedCookie(request) : undefined;
}

/** What can't be merged into one input: a body that is not an object, or that repeats a field of the path. */
function misplacedIn(row: Row, request: Request): InputIssue | undefined {
  const body = bodyOf(row, request);
  if (typeof body !== 'object' || body === null || Array.isArray(body)) {
    return { path: '', message: 'must be an object' };
  }
  const twice = Object.keys(request.params).find((name) => Object.hasOwn(body, name));
  return twice === undefined ? undefined : { path: twice, message: 'is given in the path already' };
}

function bodyOf(row: Row, request: Request): unknown {
  return takesBody(row) ? (request.body ?? {}) : {};
}

function inputOf(row: Row, request: Request): Record<string, unknown> {
  return { ...fromQuery(row, request), ...(bodyOf(row, request) as object), ...request.params };
}

/** Query values are text. Numbers and booleans are parsed by the field's type; anything unparsable stays text. */
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
