import type { Socket as EngineSocket } from 'engine.io';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { Socket } from 'node:net';
import { dirname, join } from 'node:path';
import type { Duplex } from 'node:stream';
import { WebSocket } from 'ws';
import type { Logger } from '../logger.js';

/**
 * Every look at what Node, `ws` and Engine.IO don't offer as their API begins here. Each is a shortcut: it answers the
 * inside only if the library has a version that the shortcut was tried with and the inside has the shape that it needs.
 * Otherwise it answers undefined, its caller takes the ordinary way, and the log says so once. That matters most for
 * apps that install Madang from npm, whose `ws` and Engine.IO may be newer than those of its tests.
 */

type Library = 'node' | 'ws' | 'engine.io';

/** The version of each library, as in `22.14.0`. */
export type Versions = Readonly<Record<Library, string>>;

/** The major versions that the shortcuts were tried with. */
const TRIED: Record<Library, readonly string[]> = {
  node: ['20', '22', '24'],
  ws: ['8'],
  'engine.io': ['6'],
};

/** What each shortcut looks into, and what follows without it. */
const SHORTCUTS = {
  socket: {
    libraries: ['node'],
    otherwise: 'deliveries go through the stream of each socket, which takes more CPU',
  },
  receiver: {
    libraries: ['ws'],
    otherwise: 'a connection without a session may send frames as large as one with a session',
  },
  inflater: {
    libraries: ['ws'],
    otherwise: 'each connection that compresses what it sends keeps a zlib stream, which takes more memory',
  },
  polling: {
    libraries: ['engine.io'],
    otherwise:
      'polling requests are bounded by their bytes alone, with and without a session, and a client that polls keeps the headers of its handshake in memory',
  },
  frames: {
    libraries: ['engine.io', 'ws'],
    otherwise: 'deliveries to Socket.IO clients that began with polling are queued and framed one by one',
  },
} as const satisfies Record<string, { libraries: readonly Library[]; otherwise: string }>;

type Shortcut = keyof typeof SHORTCUTS;

/** What Node's streams hand to a handle with a write; the handle uses it only if the kernel doesn't take all at once. */
export interface WriteRequest {
  oncomplete: (this: WriteRequest, status: number) => void;
}

/** A socket's access to the kernel. Once closed, `writeBuffer` answers with an error. */
export interface Handle {
  writeBuffer(request: WriteRequest, bytes: Buffer): number;
  /** Bytes that the kernel has not taken yet. */
  readonly writeQueueSize: number;
}

/** What a stream has yet to give to its handle. */
export interface StreamState {
  readonly length: number;
  readonly corked: number;
  readonly ending: boolean;
}

/** Node's own access to its handles. */
export interface StreamBinding {
  WriteWrap: new () => object;
  /** What the last write of any handle came to. */
  streamBaseState: Int32Array;
  kLastWriteWasAsync: number;
}

/** A plain TCP or Unix socket's inside. */
export interface SocketInside {
  handle: Handle;
  stream: StreamState;
  binding: StreamBinding;
}

/** Where `ws` keeps a connection's bound on the frames that come in, in bytes. */
export interface Receiver {
  _maxPayload: number;
}

/** `permessage-deflate` of one connection. */
export interface Inflater {
  decompress(data: Buffer, isLast: boolean, callback: (error: Error | null, data?: Buffer) => void): void;
  cleanup(): void;
}

/** What takes the requests of a client that polls. */
export interface PollingTransport {
  name: 'polling';
  /** The largest body of a request, in bytes. */
  maxHttpBufferSize: number;
  /** Reads the packets of a request's body. */
  parser: { decodePayload(body: unknown, ...rest: unknown[]): unknown[] };
}

/** A client of Engine.IO that has a WebSocket now, and takes ready frames. */
export interface FramedTransport {
  webSocket: WebSocket;
  socket: Duplex;
  /** Packets that wait before the socket. */
  queue(): readonly unknown[];
}

/** The shortcuts of one workspace. */
export class Internals {
  readonly #logger: Pick<Logger, 'warn'>;
  readonly #versions: Versions;
  readonly #binding: StreamBinding | undefined;
  readonly #taken = new Set<Shortcut>();

  constructor(logger: Pick<Logger, 'warn'>, versions: Versions = installedVersions()) {
    this.#logger = logger;
    this.#versions = versions;
    this.#binding = isTried('node', versions) ? streamBinding() : undefined;
  }

  /** A socket's handle and its stream's state. Undefined for a closed socket, and for TLS, which has its own streams. */
  socket(socket: Duplex): SocketInside | undefined {
    if (Object.getPrototypeOf(socket) !== Socket.prototype) return undefined;
    const { _handle: handle, _writableState: stream } = socket as { _handle?: unknown; _writableState?: unknown };
    if (handle === null) return undefined;
    const binding = this.#binding;
    return binding && isHandle(handle) && isStreamState(stream)
      ? { handle, stream, binding }
      : this.#ordinaryWay('socket');
  }

  /** Where an open WebSocket's bound on frames is. */
  receiver(webSocket: WebSocket): Receiver | undefined {
    const { _receiver: receiver } = webSocket as { _receiver?: unknown };
    return this.#isTried('receiver') && isReceiver(receiver) ? receiver : this.#ordinaryWay('receiver');
  }

  /** What inflates an open WebSocket's messages, which has negotiated compression. */
  inflater(webSocket: WebSocket): Inflater | undefined {
    const { _extensions: extensions } = webSocket as { _extensions?: Record<string, unknown> };
    const inflater = extensions?.['permessage-deflate'];
    return this.#isTried('inflater') && isInflater(inflater) ? inflater : this.#ordinaryWay('inflater');
  }

  /** The transport of a client that polls. Undefined for one that has a WebSocket. */
  polling(engine: EngineSocket): PollingTransport | undefined {
    if (engine.transport.name !== 'polling') return undefined;
    const transport: unknown = engine.transport;
    return this.#isTried('polling') && isPolling(transport) ? transport : this.#ordinaryWay('polling');
  }

  /** The transport of a client whose upgrade to a WebSocket is done. Undefined for one that polls. */
  frames(engine: EngineSocket): FramedTransport | undefined {
    if (engine.transport.name !== 'websocket') return undefined;
    const { transport, writeBuffer } = engine as unknown as { transport: { socket?: unknown }; writeBuffer?: unknown };
    const webSocket = transport.socket;
    if (!this.#isTried('frames') || !(webSocket instanceof WebSocket) || !Array.isArray(writeBuffer)) {
      return this.#ordinaryWay('frames');
    }
    const { _socket: socket, _sender: sender } = webSocket as { _socket?: unknown; _sender?: { sendFrame?: unknown } };
    // A closed one has none.
    if (socket === null) return undefined;
    if (!(socket instanceof Socket) || typeof sender?.sendFrame !== 'function') return this.#ordinaryWay('frames');
    // Engine.IO begins another list whenever it has handed one over.
    const queue = () => (engine as unknown as { writeBuffer: unknown[] }).writeBuffer;
    return { webSocket, socket, queue };
  }

  #isTried(shortcut: Shortcut): boolean {
    return SHORTCUTS[shortcut].libraries.every((library) => isTried(library, this.#versions));
  }

  /** Says in the log, once, that a shortcut can't be taken. */
  #ordinaryWay(shortcut: Shortcut): undefined {
    if (this.#taken.has(shortcut)) return;
    this.#taken.add(shortcut);
    const { libraries, otherwise } = SHORTCUTS[shortcut];
    const found = libraries.map((library) => `${library} ${this.#versions[library]}`).join(' with ');
    const tried = libraries.map((library) => `${library} ${TRIED[library].join(', ')}`).join(' and ');
    this.#logger.warn(
      { shortcut },
      `${found} is not built as expected, so ${otherwise}. Madang was tried with ${tried}`,
    );
  }
}

/** The versions that this process runs with; `unknown` where a package doesn't say its own. */
export function installedVersions(): Versions {
  return { node: process.versions.node, ws: versionOf('ws'), 'engine.io': versionOf('engine.io') };
}

function isTried(library: Library, versions: Versions): boolean {
  return TRIED[library].includes(versions[library].split('.', 1)[0] ?? '');
}

/** A package's version: from the manifest beside or above its entry, though `exports` may hide it. */
function versionOf(name: string): string {
  try {
    const entry = createRequire(import.meta.url).resolve(name);
    for (let folder = dirname(entry); folder !== dirname(folder); folder = dirname(folder)) {
      const manifest = manifestIn(folder);
      if (manifest?.name === name) return manifest.version ?? 'unknown';
    }
  } catch {
    // Nothing can be said of a package that isn't found by its name, such as in a bundle.
  }
  return 'unknown';
}

function manifestIn(folder: string): { name?: string; version?: string } | undefined {
  try {
    return JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as { name?: string; version?: string };
  } catch {
    return undefined;
  }
}

function streamBinding(): StreamBinding | undefined {
  try {
    const inside = process as unknown as { binding(name: string): Partial<StreamBinding> };
    const { WriteWrap, streamBaseState, kLastWriteWasAsync } = inside.binding('stream_wrap');
    const isKnown =
      typeof WriteWrap === 'function' &&
      streamBaseState instanceof Int32Array &&
      typeof kLastWriteWasAsync === 'number' &&
      kLastWriteWasAsync < streamBaseState.length;
    return isKnown ? { WriteWrap, streamBaseState, kLastWriteWasAsync } : undefined;
  } catch {
    return undefined;
  }
}

/** Whether something has fields of these types. */
function has(value: unknown, fields: Readonly<Record<string, 'function' | 'number' | 'boolean' | 'object'>>): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return Object.entries(fields).every(([name, type]) => typeof (value as Record<string, unknown>)[name] === type);
}

function isHandle(value: unknown): value is Handle {
  return has(value, { writeBuffer: 'function', writeQueueSize: 'number' });
}

function isStreamState(value: unknown): value is StreamState {
  return has(value, { length: 'number', corked: 'number', ending: 'boolean' });
}

function isReceiver(value: unknown): value is Receiver {
  return has(value, { _maxPayload: 'number' });
}

/** Ours takes the place of `decompress`, so it has to be given as much. */
function isInflater(value: unknown): value is Inflater {
  return has(value, { decompress: 'function', cleanup: 'function' }) && (value as Inflater).decompress.length === 3;
}

function isPolling(value: unknown): value is PollingTransport {
  return (
    has(value, { maxHttpBufferSize: 'number', parser: 'object' }) &&
    has((value as PollingTransport).parser, { decodePayload: 'function' })
  );
}
