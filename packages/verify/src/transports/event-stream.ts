import { createParser } from 'eventsource-parser';
import { type ClientRequest, type IncomingMessage, request } from 'node:http';
import { type Transport, type TransportHooks, type TransportTarget, OPEN_MS } from './transport.js';
import { Rest } from './rest.js';

/**
 * The HTTP transport: server-sent events one way, REST the other. `heardId` receives the ids that `Last-Event-ID`
 * resumes from.
 */
export async function openEventStream(
  target: TransportTarget,
  hooks: TransportHooks,
  heardId: (id: string) => void,
): Promise<Transport> {
  const rest = new Rest(target.url, target.token);
  let asked: ClientRequest | undefined;
  let alive = performance.now();
  let isOpen = false;
  let isClosed = false;
  const watch = setInterval(() => {
    if (performance.now() - alive > target.silenceMs) close();
  }, target.silenceMs / 8);
  const close = () => {
    clearInterval(watch);
    asked?.destroy();
    rest.close();
    if (isClosed) return;
    isClosed = true;
    if (isOpen) hooks.closed();
  };
  const parser = createParser({
    onEvent: (event) => {
      if (event.event !== undefined) hooks.heard(event.event, JSON.parse(event.data) as Record<string, unknown>);
    },
  });
  // The parser returns an id only with data, and the server sends ids in blocks of their own, so they are also read
  // here.
  let tail = '';
  const hearIds = (text: string) => {
    tail += text;
    const lines = tail.split('\n');
    tail = lines.pop() ?? '';
    for (const line of lines) if (line.startsWith('id: ')) heardId(line.slice(4));
  };
  try {
    const response = await new Promise<IncomingMessage>((resolve, reject) => {
      asked = request(
        `${target.url}/api/events`,
        {
          agent: false,
          headers: {
            authorization: `Bearer ${target.token}`,
            ...(target.lastEventId !== undefined && { 'last-event-id': target.lastEventId }),
          },
        },
        resolve,
      );
      asked.setTimeout(OPEN_MS, () => isOpen || asked?.destroy(new Error('not opened in time')));
      asked.on('error', reject);
      asked.end();
    });
    if (response.statusCode !== 200) throw new Error(`not opened (${response.statusCode})`);
    isOpen = true;
    response.setEncoding('utf8');
    response.on('data', (text: string) => {
      alive = performance.now();
      // Ids first, since what comes after one belongs to its epoch.
      hearIds(text);
      parser.feed(text);
    });
    response.on('error', () => undefined);
    response.on('close', close);
  } catch (error) {
    close();
    throw error;
  }
  return {
    call: (name, input) => rest.call(name, input),
    close,
  };
}
