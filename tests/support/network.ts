import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { setTimeout } from 'node:timers/promises';

/**
 * The direction in which a network loses everything: `requests` are what the program sends, `answers` what it would
 * receive.
 */
export type Direction = 'requests' | 'answers' | 'both';

/** A network between a program and a server that can go silent: packets are lost, and neither side is told. */
export interface TestNetwork extends AsyncDisposable {
  /** The port at which the program reaches the server. */
  readonly port: number;
  /**
   * Lets nothing through from now on, in one direction or both. Connections can still be opened; they look like slow
   * ones.
   */
  freeze(direction?: Direction): void;
  /** Closes all connections and accepts no new ones. */
  cut(): void;
  /** Delays everything by `ms`. */
  slow(ms: number): void;
  /** Loses all answers once a request contains the text; that request itself still goes through. */
  freezeAnswersTo(text: string): void;
  /** Carries data again, including everything sent in the meantime, as TCP does. */
  thaw(): void;
  /** Directs new connections to another port, like an address that is moved to another machine. */
  moveTo(port: number): void;
}

/** Starts a network in front of a port. */
export async function startNetwork(to: number): Promise<TestNetwork> {
  const links = new Set<Link>();
  let target = to;
  let frozen: readonly Way[] = [];
  let isCut = false;
  let lateMs = 0;
  let fatal: string | undefined;
  const freeze = (direction: Direction): void => {
    frozen = direction === 'both' ? WAYS : [direction];
    for (const link of links) for (const way of frozen) link[way].pause();
  };
  const server = createServer((inner) => {
    if (isCut) {
      inner.destroy();
      return;
    }
    const link: Link = { requests: inner, answers: connect(target, '127.0.0.1') };
    links.add(link);
    for (const way of WAYS) {
      const other = link[way === 'requests' ? 'answers' : 'requests'];
      // Keeps the bytes in order even if the delay gets shorter.
      let before: Promise<unknown> = Promise.resolve();
      link[way].on('data', (chunk: Buffer) => {
        if (way === 'requests' && fatal !== undefined && chunk.includes(fatal)) freeze('answers');
        const late = lateMs === 0 ? undefined : setTimeout(lateMs);
        before = before.then(() => late).then(() => other.write(chunk));
      });
      link[way].on('error', () => undefined);
      link[way].on('close', () => {
        if (!frozen.includes(way)) other.destroy();
        if (other.destroyed) links.delete(link);
      });
      if (frozen.includes(way)) link[way].pause();
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (typeof address !== 'object' || address === null) throw new Error('no port');
  return {
    port: address.port,
    freeze: (direction = 'both') => freeze(direction),
    freezeAnswersTo: (text) => {
      fatal = text;
    },
    cut: () => {
      isCut = true;
      for (const link of links) for (const way of WAYS) link[way].destroy();
    },
    slow: (ms) => {
      lateMs = ms;
    },
    thaw: () => {
      fatal = undefined;
      frozen = [];
      isCut = false;
      lateMs = 0;
      for (const link of links) for (const way of WAYS) resume(link, way);
    },
    moveTo: (port) => {
      target = port;
    },
    [Symbol.asyncDispose]: async () => {
      for (const link of links) for (const way of WAYS) link[way].destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

type Way = 'requests' | 'answers';

/** Both directions, named by the socket that their bytes are read from. */
const WAYS: readonly Way[] = ['requests', 'answers'];

/** The two halves of a connection: the program's socket, whose bytes are requests, and the server's. */
type Link = Record<Way, Socket>;

/** Resumes reading. A connection that closed while frozen is closed on the other side now. */
function resume(link: Link, way: Way): void {
  const other = link[way === 'requests' ? 'answers' : 'requests'];
  if (link[way].destroyed) other.destroy();
  else link[way].resume();
}
