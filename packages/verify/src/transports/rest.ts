import { Agent, request } from 'node:http';
import { type Answer, ANSWER_MS } from './transport.js';

/** The routes of the workload's calls, as documented. */
const routes: Record<string, (input: Record<string, unknown>) => { method: string; path: string; rest: object }> = {
  'session.start': (rest) => ({ method: 'POST', path: '/session', rest }),
  'session.get': (rest) => ({ method: 'GET', path: '/session', rest }),
  'session.end': (rest) => ({ method: 'DELETE', path: '/session', rest }),
  'room.create': (rest) => ({ method: 'POST', path: '/rooms', rest }),
  'room.get': ({ room, ...rest }) => ({ method: 'GET', path: `/rooms/${String(room)}`, rest }),
  'room.join': ({ room, ...rest }) => ({ method: 'POST', path: `/rooms/${String(room)}/join`, rest }),
  'room.leave': ({ room, ...rest }) => ({ method: 'POST', path: `/rooms/${String(room)}/leave`, rest }),
  'room.invite': ({ room, ...rest }) => ({ method: 'POST', path: `/rooms/${String(room)}/members`, rest }),
  'room.remove': ({ room, user, ...rest }) => ({
    method: 'DELETE',
    path: `/rooms/${String(room)}/members/${String(user)}`,
    rest,
  }),
  'message.send': ({ room, ...rest }) => ({ method: 'POST', path: `/rooms/${String(room)}/messages`, rest }),
  'message.list': ({ room, ...rest }) => ({ method: 'GET', path: `/rooms/${String(room)}/messages`, rest }),
  'message.edit': ({ message, ...rest }) => ({ method: 'PATCH', path: `/messages/${String(message)}`, rest }),
  'message.delete': ({ message, ...rest }) => ({ method: 'DELETE', path: `/messages/${String(message)}`, rest }),
  'message.react': ({ message, ...rest }) => ({ method: 'POST', path: `/messages/${String(message)}/reactions`, rest }),
  'message.pin': ({ message, ...rest }) => ({ method: 'POST', path: `/messages/${String(message)}/pin`, rest }),
  'message.unpin': ({ message, ...rest }) => ({ method: 'DELETE', path: `/messages/${String(message)}/pin`, rest }),
  'pin.list': ({ room, ...rest }) => ({ method: 'GET', path: `/rooms/${String(room)}/pins`, rest }),
  'log.read': ({ room, ...rest }) => ({ method: 'GET', path: `/rooms/${String(room)}/log`, rest }),
  sync: (rest) => ({ method: 'POST', path: '/sync', rest }),
};

/** Calls over HTTP, with one agent. */
export class Rest {
  readonly #url: string;
  readonly #agent: Agent;
  token: string | undefined;

  constructor(url: string, token?: string, sockets = 8) {
    this.#url = url;
    this.token = token;
    this.#agent = new Agent({ keepAlive: true, maxSockets: sockets });
  }

  call(name: string, input: Record<string, unknown>): Promise<Answer> {
    const route = routes[name]?.(input);
    if (!route) throw new Error(`The harness has no route for ${name}`);
    const { method, path, rest } = route;
    const isBody = method !== 'GET' && method !== 'DELETE';
    const query = isBody ? '' : `?${new URLSearchParams(rest as Record<string, string>).toString()}`;
    const body = isBody ? JSON.stringify(rest) : undefined;
    return new Promise((resolve) => {
      const asked = request(
        `${this.#url}/api${path}${query}`,
        {
          method,
          agent: this.#agent,
          signal: AbortSignal.timeout(ANSWER_MS),
          headers: {
            ...(this.token !== undefined && { authorization: `Bearer ${this.token}` }),
            ...(body !== undefined && {
              'content-type': 'application/json',
              'content-length': Buffer.byteLength(body),
            }),
          },
        },
        (response) => {
          const chunks: Buffer[] = [];
          response.on('data', (chunk: Buffer) => chunks.push(chunk));
          response.on('error', (error) => resolve({ lost: error.message }));
          response.on('end', () => {
            if (!response.complete) resolve({ lost: 'the answer was cut' });
            else resolve(answerOf(response.statusCode ?? 0, Buffer.concat(chunks).toString()));
          });
        },
      );
      asked.on('error', (error) => resolve({ lost: error.message }));
      asked.end(body);
    });
  }

  close(): void {
    this.#agent.destroy();
  }
}

/** The parts of an RFC 9457 problem that the workload needs. */
interface Problem {
  code?: string;
  detail?: string;
  retryAfter?: number;
}

function answerOf(status: number, text: string): Answer {
  try {
    const body = (text ? JSON.parse(text) : {}) as Record<string, unknown>;
    if (status < 300) return { result: body };
    const { code = String(status), detail = '', retryAfter } = body as Problem;
    return { error: { code, message: detail, ...(retryAfter !== undefined && { retryAfter }) } };
  } catch {
    return { lost: `an answer that is not JSON (${status})` };
  }
}
