import { PAGE_MESSAGES } from './page-size.js';
import type { OpenedSocket, PlainSocket } from './web-socket.js';
import { openWebSocket } from './web-socket-browser.js';

/** A WebSocket that was opened, with calls made over it, before the SDK is there to use it. */
export interface EarlySocket extends OpenedSocket {
  calls: EarlyCalls;
}

/**
 * Opens a page's WebSocket and asks for the session over it, and for a room's newest messages, while the rest of the page's
 * code is still loading. `createClient` takes it as `early`. `url` is the folder of the page: its path ends with a slash.
 */
export function openEarly(room: string | undefined, url = new URL('.', document.baseURI)): EarlySocket {
  const address = new URL('ws', url);
  address.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
  const opened = openWebSocket(address);
  const { socket } = opened;
  const calls = new EarlyCalls([
    { method: 'session.get', params: {} },
    ...(room === undefined ? [] : [{ method: 'message.list', params: { limit: PAGE_MESSAGES, room } }]),
  ]);
  socket.addEventListener('open', () => {
    for (const request of calls.requests) socket.send(JSON.stringify({ jsonrpc: '2.0', ...request }));
  });
  return { ...opened, socket: recorded(socket), calls };
}

interface Request {
  id: number;
  method: string;
  params: object;
}

/** Calls that were made before the SDK could make them. Their ids are negative; those of the SDK are positive. */
export class EarlyCalls {
  readonly requests: readonly Request[];
  #open: readonly Request[];
  readonly #answers = new Map<number, unknown>();

  constructor(calls: readonly Omit<Request, 'id'>[]) {
    this.requests = calls.map((call, index) => ({ id: -1 - index, ...call }));
    this.#open = this.requests;
  }

  /** The number of the same call, if it was made. Only for the first one of each method: later ones want news. */
  take(method: string, params: unknown): number | undefined {
    const found = this.#open.find((each) => each.method === method);
    this.#open = this.#open.filter((each) => each !== found);
    return found && isSame(found.params, params) ? found.id : undefined;
  }

  /** Keeps the answer to a call that nobody has made yet. */
  keep(id: number, answer: unknown): void {
    if (this.#open.some((each) => each.id === id)) this.#answers.set(id, answer);
  }

  answer(id: number): unknown {
    const answer = this.#answers.get(id);
    this.#answers.delete(id);
    return answer;
  }

  /** Something has happened: what was asked before may be out of date. */
  forget(): void {
    this.#open = [];
    this.#answers.clear();
  }
}

function isSame(one: object, other: unknown): boolean {
  const sorted = (params: object) => JSON.stringify(Object.entries(params).toSorted(([a], [b]) => (a < b ? -1 : 1)));
  return typeof other === 'object' && other !== null && sorted(one) === sorted(other);
}

const NAMES = ['open', 'message', 'error', 'close'] as const;

/** Tells listeners of everything from the beginning, in order and never within the call that adds them. */
function recorded(socket: PlainSocket): PlainSocket {
  const listeners = new Map<string, (event: never) => void>();
  const events: Event[] = [];
  let isLive = false;
  const tell = (event: Event) => listeners.get(event.type)?.(event as never);
  // One turn for each: what follows from one is done before the next, as when they arrive.
  const tellNext = () => {
    const event = events.shift();
    if (!event) isLive = true;
    else {
      setTimeout(tellNext);
      tell(event);
    }
  };
  const target = socket as unknown as EventTarget;
  for (const name of NAMES) {
    target.addEventListener(name, (event) => void (isLive ? tell(event) : events.push(event)));
  }
  return {
    addEventListener: (name: string, listener: (event: never) => void) => {
      if (listeners.size === 0) setTimeout(tellNext);
      listeners.set(name, listener);
    },
    send: (text) => socket.send(text),
  };
}
