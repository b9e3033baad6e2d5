import { once } from 'node:events';
import { connect, createServer, isIP, type Server, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import type { Subject } from './subject.js';

/** A longer request head is not one of the workload's. */
const MAX_HEAD = 64 * 1024;

/**
 * A local port that leads to a workspace anywhere: with TLS, under the workspace's own name and mount path. So whatever
 * breaks connections stands in front of it, on loopback, and the clients need not know where the workspace is.
 */
export async function openGateway(address: URL): Promise<Subject> {
  const sockets = new Set<Socket>();
  const server = createServer({ noDelay: true }, (near) => {
    const far = dial(address);
    join(near, far, new RequestRewriter(address));
    for (const socket of [near, far]) {
      sockets.add(socket);
      socket.on('close', () => sockets.delete(socket));
    }
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const port = portOf(server);
  const close = (): Promise<void> => {
    server.close();
    for (const socket of sockets) socket.destroy();
    return Promise.resolve();
  };
  return {
    url: `http://127.0.0.1:${port}`,
    port,
    data: '',
    pid: () => 0,
    isUp: () => true,
    isOpen: () => true,
    output: () => '',
    start: () => Promise.resolve(0),
    kill: close,
    stop: () => close().then(() => null),
    ended: () => Promise.resolve(false),
  };
}

function dial({ protocol, hostname, port }: URL): Socket {
  const host = hostname.replace(/^\[|\]$/g, '');
  if (protocol !== 'https:') return connect({ host, port: Number(port || 80), noDelay: true });
  const name = isIP(host) ? {} : { servername: host };
  return connectTls({ host, port: Number(port || 443), ...name, ALPNProtocols: ['http/1.1'] }).setNoDelay();
}

function join(near: Socket, far: Socket, rewriter: RequestRewriter): void {
  near.on('data', (chunk: Buffer) => {
    const bytes = rewriter.push(chunk);
    if (!bytes) near.destroy();
    else if (bytes.length > 0 && !far.write(bytes)) {
      near.pause();
      far.once('drain', () => near.resume());
    }
  });
  near.on('end', () => far.end());
  far.pipe(near);
  for (const [socket, other] of [
    [near, far],
    [far, near],
  ] as const) {
    socket.on('error', () => other.destroy());
    socket.on('close', () => other.destroy());
  }
}

/**
 * Gives the requests of one HTTP/1.1 connection another host and a mount path. Data after an upgrade passes unchanged.
 */
export class RequestRewriter {
  readonly #host: string;
  readonly #mount: string;
  #head: Buffer = Buffer.alloc(0);
  #bodyLeft = 0;
  #isUpgraded = false;

  constructor(address: URL) {
    this.#host = address.host;
    this.#mount = address.pathname.replace(/\/+$/, '');
  }

  /** The bytes to send for those received; undefined if they are not a request that it understands. */
  push(chunk: Buffer): Buffer | undefined {
    const ready: Buffer[] = [];
    let left = chunk;
    while (left.length > 0) {
      const passing = this.#isUpgraded ? left.length : Math.min(this.#bodyLeft, left.length);
      if (passing > 0) {
        ready.push(left.subarray(0, passing));
        left = left.subarray(passing);
        if (!this.#isUpgraded) this.#bodyLeft -= passing;
        continue;
      }
      const bytes = Buffer.concat([this.#head, left]);
      const end = bytes.indexOf('\r\n\r\n');
      if (end < 0) {
        this.#head = bytes;
        if (bytes.length > MAX_HEAD) return undefined;
        break;
      }
      const head = this.#rewrite(bytes.subarray(0, end).toString('latin1'));
      if (head === undefined) return undefined;
      ready.push(Buffer.from(`${head}\r\n\r\n`, 'latin1'));
      this.#head = Buffer.alloc(0);
      left = bytes.subarray(end + 4);
    }
    return Buffer.concat(ready);
  }

  #rewrite(head: string): string | undefined {
    const [first = '', ...headers] = head.split('\r\n');
    const [, method, target] = /^([A-Z]+) (\/\S*) HTTP\/1\.1$/.exec(first) ?? [];
    if (method === undefined || target === undefined || /^transfer-encoding:/im.test(head)) return undefined;
    this.#isUpgraded = /^upgrade:/im.test(head);
    this.#bodyLeft = Number(/^content-length: *(\d+)/im.exec(head)?.[1] ?? 0);
    const others = headers.filter((header) => !/^host:/i.test(header));
    return [`${method} ${this.#mount}${target} HTTP/1.1`, `Host: ${this.#host}`, ...others].join('\r\n');
  }
}

function portOf(server: Server): number {
  const address = server.address();
  if (typeof address !== 'object' || address === null) throw new Error('no port');
  return address.port;
}
