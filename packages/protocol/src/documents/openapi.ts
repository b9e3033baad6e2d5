import { z } from 'zod';
import { errorTable } from '../errors.js';
import { commands } from '../table.js';
import { PROBLEM_TYPE } from '../wire/problem.js';
import { jsonSchemaOf, type JsonSchema } from './schemas.js';

/**
 * The OpenAPI 3.1 document of the HTTP transport, derived from the table. `server` is the address of its routes,
 * `cookie` the name of the session cookie.
 */
export function openApiDocument(server: string, cookie: string): JsonSchema {
  const { paths, schemas } = (described ??= describe());
  return {
    openapi: '3.1.0',
    info: { title: 'Madang', version: '1', description: 'Real-time chat for your own server.' },
    servers: [{ url: server }],
    paths,
    components: {
      schemas,
      securitySchemes: {
        token: { type: 'http', scheme: 'bearer', description: "A session's token" },
        cookie: { type: 'apiKey', in: 'cookie', name: cookie, description: 'From the same origin, or a listed one' },
      },
    },
  };
}

/** The constant part of every document. Made once, because it takes some 20 ms, and anybody may request it. */
let described: ReturnType<typeof describe> | undefined;

function describe() {
  const schemas: Record<string, JsonSchema> = {};
  const paths: Record<string, Record<string, JsonSchema>> = {};
  for (const row of Object.values(commands)) {
    const path = row.http.path.replaceAll(/:(\w+)/g, '{$1}');
    paths[path] ??= {};
    paths[path][row.http.method.toLowerCase()] = operation(row, schemas);
  }
  paths['/events'] = { get: eventStream() };
  schemas['Problem'] = problemSchema();
  return { paths, schemas };
}

type Row = (typeof commands)[keyof typeof commands];

function operation(row: Row, schemas: Record<string, JsonSchema>): JsonSchema {
  const input = jsonSchemaOf(row.input, 'input', schemas) as {
    properties?: Record<string, JsonSchema>;
    required?: string[];
  };
  const inPath = [...row.http.path.matchAll(/:(\w+)/g)].map((match) => match[1] as string);
  const properties = input.properties ?? {};
  const rest = Object.keys(properties).filter((key) => !inPath.includes(key));
  const hasBody = row.http.method !== 'GET' && row.http.method !== 'DELETE' && rest.length > 0;
  const required = (key: string) => input.required?.includes(key) ?? false;
  return {
    operationId: row.name,
    summary: row.doc.en,
    ...(row.permission !== 'session.start' && { security: [{ token: [] }, { cookie: [] }] }),
    parameters: [
      ...inPath.map((name) => ({ name, in: 'path', required: true, schema: properties[name] })),
      ...(hasBody
        ? []
        : rest.map((name) => ({ name, in: 'query', required: required(name), schema: properties[name] }))),
    ],
    ...(hasBody && {
      requestBody: {
        required: rest.some(required),
        content: {
          'application/json': {
            schema: {
              type: 'object',
              properties: Object.fromEntries(rest.map((key) => [key, properties[key]])),
              required: rest.filter(required),
              additionalProperties: false,
            },
          },
        },
      },
    }),
    responses: {
      [row.http.status ?? 200]: {
        description: 'Done',
        content: { 'application/json': { schema: jsonSchemaOf(row.output, 'output', schemas) } },
      },
      default: {
        description: 'Refused',
        content: { [PROBLEM_TYPE]: { schema: { $ref: '#/components/schemas/Problem' } } },
      },
    },
  };
}

function eventStream(): JsonSchema {
  return {
    operationId: 'events',
    summary:
      'Live events and signals of your rooms as server-sent events; `Last-Event-ID` goes on where a stream broke.',
    security: [{ token: [] }, { cookie: [] }],
    parameters: [
      { name: 'room', in: 'query', required: false, schema: { type: 'string' }, description: 'Only this room' },
      {
        name: 'Last-Event-ID',
        in: 'header',
        required: false,
        schema: { type: 'string' },
        description:
          'Where to go on: the last `id` of a stream, `<epoch>;<room>=<seq>,…`; `lastEventId` in the query is the same',
      },
    ],
    responses: { 200: { description: 'The stream', content: { 'text/event-stream': { schema: { type: 'string' } } } } },
  };
}

function problemSchema(): JsonSchema {
  return jsonSchemaOf(
    z.object({
      type: z.string(),
      title: z.string(),
      status: z.int(),
      detail: z.string(),
      code: z.enum(Object.keys(errorTable) as [string]),
      message: z.string(),
      details: z
        .looseObject({ issues: z.array(z.object({ path: z.string(), message: z.string() })).optional() })
        .optional(),
      retryAfter: z.int().optional().meta({ description: 'Seconds' }),
    }),
    'output',
    {},
  );
}
