import { type CommandName, commands, isCommandName } from '@madang/protocol';
import { deferred } from './deferred.ts';
import type { Answer, Credentials, TransportClient, OutboundEvent } from './transport-client.ts';
import { type EventStream, openEventStream } from './event-stream.ts';
import { Inbox } from './inbox.ts';

/** A REST request for a call. */
export interface RestRequest {
  method: string;
  path: string;
  body: string | undefined;
}

/** Builds the request for a command: its fields go into the path, the query (GET, DELETE) or the JSON body. */
export function requestOf(name: CommandName, input: Record<string, unknown>): RestRequest {
  const { method, path } = commands[name].http;
  const rest: Record<string, unknown> = { ...input };
  const filled = path.replaceAll(/:(\w+)/g, (_match, field: string) => {
    const value = rest[field];
    delete rest[field];
    return encodeURIComponent(String(value));
  });
  if (method !== 'GET' && method !== 'DELETE') return { method, path: filled, body: JSON.stringify(rest) };
  const query = new URLSearchParams();
  for (const [field, value] of Object.entries(rest)) {
    for (const each of Array.isArray(value) ? value : [value])
      if (each !== undefined) query.append(field, String(each));
  }
  return { method, path: query.size > 0 ? `${filled}?${query.toString()}` : filled, body: undefined };
}

/** Where the HTTP transport expects a field of a command's input. */
export function placeOf(name: CommandName, field: string): 'path' | 'query' | 'body' {
  const { method, path } = commands[name].http;
  if (path.split('/').includes(`:${field}`)) return 'path';
  return method === 'GET' || method === 'DELETE' ? 'query' : 'body';
}

/** Calls with `fetch`; with credentials it also receives server-sent events. */
export async function connectHttp(url: string, credentials: Credentials): Promise<TransportClient> {
  let token = credentials && 'token' in credentials ? credentials.token : undefined;
  const events = new Inbox<OutboundEvent>();
  let stream: EventStream | undefined;
  const ask = async (name: string, input: unknown = {}): Promise<Answer> => {
    const request = isCommandName(name)
      ? requestOf(name, input as Record<string, unknown>)
      : { method: 'POST', path: `/${encodeURIComponent(name)}`, body: JSON.stringify(input) };
    const response = await fetch(`${url}/api${request.path}`, {
      method: request.method,
      headers: {
        ...(token !== undefined && { authorization: `Bearer ${token}` }),
        ...(request.body !== undefined && { 'content-type': 'application/json' }),
      },
      ...(request.body !== undefined && { body: request.body }),
    });
    const answer: unknown = await response.json();
    if (response.ok) return { result: answer };
    const { type: _, title: __, status: ___, detail: ____, ...error } = answer as never as Record<string, unknown>;
    return { error: error as never };
  };
  if (credentials && 'name' in credentials) {
    const { result, error } = await ask('session.start', credentials);
    if (error) throw new Error(`session.start: ${error.message}`);
    ({ token } = result as { token: string });
  }
  const { promise: never } = deferred();
  if (token !== undefined) stream = await openEventStream(url, { token, events });
  const close = async (): Promise<void> => stream?.close();
  return { transport: 'http', events, ask, closed: stream?.closed ?? never, close, [Symbol.asyncDispose]: close };
}
