import type { Socket as EngineSocket } from 'engine.io';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { Socket } from 'node:net';
import { dirname, join } from 'node:path';
import type { Duplex } from 'node:stream';
import { WebSocket } from 'ws';
import type { Logger } from '../logger.js';

/**
 * All access to internals of Node, `ws` and Engine.IO goes through this file. Each kind of access is a shortcut: it
 * returns the internal object only if the library's version is one it was tested with and the object has the expected
 * shape. Otherwise it returns undefined, the caller falls back to the public API, and the log warns once. This matters
 * most for apps that install Madang from npm: their `ws` and Engine.IO may be newer than the tested ones.
 */

type Library = 'node' | 'ws' | 'engine.io';

/** The installed version of each library, such as `22.14.0`. */
export type Versions = Readonly<Record<Library, string>>;

/** The major versions that the shortcuts were tested with. */
const TESTED: Record<Library, readonly string[]> = {
  node: ['20', '22', '24'],
  ws: ['8'],
  'engine.io': ['6'],
};

/** Which libraries each shortcut reaches into, and what happens without it. */
const SHORTCUTS = {
  socket: {
    libraries: ['node'],
    fallback: 'deliveries go through the stream of each socket, which costs more CPU',
  },
  receiver: {
    libraries: ['ws'],
    fallback: 'connections without a session may send frames as large as those with one',
  },
  inflater: {
    libraries: ['ws'],
    fallback: 'each connection that sends compressed messages keeps a zlib stream, which costs memory',
  },
  polling: {
    libraries: ['engine.io'],
    fallback: 'polling requests are limited by size alone, and polling clients keep their handshake in memory',
  },
  frames: {
    libraries: ['engine.io', 'ws'],
    fallback: 'deliveries to Socket.IO clients that began with polling are queued and framed one by one',
  },
} as const satisfies Record<string, { libraries: readonly Library[]; fallback: string }>;

type Shortcut = keyof typeof SHORTCUTS;

/** What a stream passes to its handle with a write. The handle uses it only if the kernel does not take all bytes at once. */
export interface WriteRequest {
  oncomplete: (this: WriteRequest, status: number) => void;
}

/** A socket's access to the kernel. After it is closed, `writeBuffer` returns an error code. */
export interface Handle {
  writeBuffer(request: WriteRequest, bytes: Buffer): number;
  /** Bytes that the kernel has not taken yet. */
  readonly writeQueueSize: number;
}

/** What a stream has yet to pass to its handle. */
export interface StreamState {
  readonly length: number;
  readonly corked: number;
  readonly ending: boolean;
}

/** Node's own binding for stream handles. */
export interface StreamBinding {
  WriteWrap: new () => object;
  /** The outcome of the last write, of whatever handle. */
  streamBaseState: Int32Array;
  kLastWriteWasAsync: number;
}

/** The internals of a plain TCP or Unix socket. */
export interface SocketInternals {
  handle: Handle;
  stream: StreamState;
  binding: StreamBinding;
}

/** The part of a `ws` connection that holds its limit for incoming frames, in bytes. */
export interface Receiver {
  _maxPayload: number;
}

/** The `permessage-deflate` extension of one `ws` connection. */
export interface Inflater {
  decompress(data: Buffer, isLast: boolean, callback: (error: Error | null, data?: Buffer) => void): void;
  cleanup(): void;
}

/** The transport of an Engine.IO client that polls. */
export interface PollingTransport {
  name: 'polling';
  /** The largest request body, in bytes. */
  maxHttpBufferSize: number;
  /** Parses a request body into packets. */
  parser: { decodePayload(body: unknown, ...rest: unknown[]): unknown[] };
}

/** The transport of an Engine.IO client that has a WebSocket and accepts ready frames. */
export interface FramedTransport {
  webSocket: WebSocket;
  socket: Duplex;
  /** Packets that Engine.IO has not handed to the socket yet. */
  queue(): readonly unknown[];
}

/** The shortcuts. They warn in one workspace's log. */
export class Internals {
  readonly #logger: Pick<Logger, 'warn'>;
  readonly #versions: Versions;
  readonly #binding: StreamBinding | undefined;
  readonly #warned = new Set<Shortcut>();

  constructor(logger: Pick<Logger, 'warn'>, versions: Versions = installedVersions()) {
    this.#logger = logger;
    this.#versions = versions;
    this.#binding = isTested('node', versions) ? streamBinding() : undefined;
  }

  /** A socket's handle and stream state. Undefined, without a warning, for closed sockets and for TLS. */
  socket(socket: Duplex): SocketInternals | undefined {
    if (Object.getPrototypeOf(socket) !== Socket.prototype) return undefined;
    const { _handle: handle, _writableState: stream } = socket as { _handle?: unknown; _writableState?: unknown };
    if (handle === null) return undefined;
    const binding = this.#binding;
    return binding && isHandle(handle) && isStreamState(stream)
      ? { handle, stream, binding }
      : this.#fallBack('socket');
  }

  /** Holds the frame limit of an open WebSocket. */
  receiver(webSocket: WebSocket): Receiver | undefined {
    const { _receiver: receiver } = webSocket as { _receiver?: unknown };
    return this.#isTested('receiver') && isReceiver(receiver) ? receiver : this.#fallBack('receiver');
  }

  /** Decompresses the messages of an open WebSocket that has negotiated compression. */
  inflater(webSocket: WebSocket): Inflater | undefined {
    const { _extensions: extensions } = webSocket as { _extensions?: Record<string, unknown> };
    const inflater = extensions?.['permessage-deflate'];
    return this.#isTested('inflater') && isInflater(inflater) ? inflater : this.#fallBack('inflater');
  }

  /** The transport of a polling client. Undefined, without a warning, for a client that has a WebSocket. */
  polling(engine: EngineSocket): PollingTransport | undefined {
    if (engine.transport.name !== 'polling') return undefined;
    const transport: unknown = engine.transport;
    return this.#isTested('polling') && isPolling(transport) ? transport : this.#fallBack('polling');
  }

  /** The transport of a client that has a WebSocket. Undefined, without a warning, for polling and closed clients. */
  frames(engine: EngineSocket): FramedTransport | undefined {
    if (engine.transport.name !== 'websocket') return undefined;
    const { transport, writeBuffer } = engine as unknown as { transport: { socket?: unknown }; writeBuffer?: unknown };
    const webSocket = transport.socket;
    if (!this.#isTested('frames') || !(webSocket instanceof WebSocket) || !Array.isArray(writeBuffer)) {
      return this.#fallBack('frames');
    }
    const { _socket: socket, _sender: sender } = webSocket as { _socket?: unknown; _sender?: { sendFrame?: unknown } };
    // Closed.
    if (socket === null) return undefined;
    if (!(socket instanceof Socket) || typeof sender?.sendFrame !== 'function') return this.#fallBack('frames');
    // Read each time: Engine.IO replaces the array whenever it flushes.
    const queue = () => (engine as unknown as { writeBuffer: unknown[] }).writeBuffer;
    return { webSocket, socket, queue };
  }

  #isTested(shortcut: Shortcut): boolean {
    return SHORTCUTS[shortcut].libraries.every((library) => isTested(library, this.#versions));
  }

  /** Warns once that a shortcut can't be used. */
  #fallBack(shortcut: Shortcut): undefined {
    if (this.#warned.has(shortcut)) return;
    this.#warned.add(shortcut);
    const { libraries, fallback } = SHORTCUTS[shortcut];
    const found = libraries.map((library) => `${library} ${this.#versions[library]}`).join(' with ');
    const tested = libraries.map((library) => `${library} ${TESTED[library].join(', ')}`).join(' and ');
    const consequence = `${found} has other internals than expected: ${fallback}`;
    this.#logger.warn({ shortcut }, `${consequence}. Everything else works. Madang was tested with ${tested}`);
  }
}

/** The versions this process runs with; `unknown` if a package's manifest can't be found. */
export function installedVersions(): Versions {
  return { node: process.versions.node, ws: versionOf('ws'), 'engine.io': versionOf('engine.io') };
}

function isTested(library: Library, versions: Versions): boolean {
  return TESTED[library].includes(versions[library].split('.', 1)[0] ?? '');
}

/** Reads a package's version from the manifest above its entry file, since `exports` may hide the manifest. */
function versionOf(name: string): string {
  try {
    const entry = createRequire(import.meta.url).resolve(name);
    for (let folder = dirname(entry); folder !== dirname(folder); folder = dirname(folder)) {
      const manifest = manifestIn(folder);
      if (manifest?.name === name) return manifest.version ?? 'unknown';
    }
  } catch {
    // The package can't be resolved by name, for example because the host app is bundled.
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

/** True if `value` is an object with fields of these types. */
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

/** Our `decompress` replaces the original, so it must take the same three arguments. */
function isInflater(value: unknown): value is Inflater {
  return has(value, { decompress: 'function', cleanup: 'function' }) && (value as Inflater).decompress.length === 3;
}

function isPolling(value: unknown): value is PollingTransport {
  return (
    has(value, { maxHttpBufferSize: 'number', parser: 'object' }) &&
    has((value as PollingTransport).parser, { decodePayload: 'function' })
  );
}
