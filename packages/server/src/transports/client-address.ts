import type { IncomingMessage } from 'node:http';
import { isIPv4, isIPv6 } from 'node:net';
import proxyaddr from 'proxy-addr';

/** Determines a client's address, as rate limits count it. */
export class Addresses {
  readonly #trusted: (address: string, hop: number) => boolean;

  /**
   * `trustedProxies`: addresses or subnets whose `X-Forwarded-For` is trusted, or the words `loopback` and
   * `uniquelocal`.
   */
  constructor(trustedProxies: string[]) {
    this.#trusted = proxyaddr.compile(trustedProxies);
  }

  /** A request's address. For an IPv6 host it is the /64, since a host has all of it. */
  of(request: IncomingMessage): string {
    const { remoteAddress } = request.socket;
    // Most requests have no proxy headers; their address is the socket's, trusted or not.
    if (remoteAddress !== undefined && request.headers['x-forwarded-for'] === undefined) return counted(remoteAddress);
    // A Unix socket is used by a local program, which says for whom it connects.
    const trusted = (address: string, hop: number) => isLocalFile(request, hop) || this.#trusted(address, hop);
    let address = remoteAddress ?? 'local';
    const told = [request.headers['x-forwarded-for'] ?? []].flat().join(',').split(',').toReversed();
    for (const [hop, text] of told.entries()) {
      const before = trusted(address, hop) ? addressIn(text.trim()) : undefined;
      // If a proxy names something that is not an address, its own address counts.
      if (before === undefined) break;
      address = before;
    }
    return counted(address);
  }

  /** Whether the request came through a trusted proxy, so that its `X-Forwarded-…` headers count. */
  isProxied(request: IncomingMessage): boolean {
    const { remoteAddress } = request.socket;
    return remoteAddress === undefined ? isLocalFile(request, 0) : this.#trusted(remoteAddress, 0);
  }
}

/**
 * The address in an entry of `X-Forwarded-For`, spelled in the one way in which its host is counted; undefined if it is
 * none. Some proxies add the port: `192.0.2.1:4711`, `[2001:db8::1]:4711`.
 */
function addressIn(text: string): string | undefined {
  const [, inBrackets, beforePort] = /^(?:\[([^\]]*)\](?::\d+)?|([^:]*):\d+)$/.exec(text) ?? [];
  const address = (inBrackets ?? beforePort ?? text).replace(/%.*$/, '');
  if (isIPv4(address)) return address;
  if (!isIPv6(address)) return undefined;
  const canonical = new URL(`http://[${address}]`).hostname.slice(1, -1);
  const mapped = /^::ffff:([\da-f]+):([\da-f]+)$/.exec(canonical)?.slice(1);
  return mapped?.flatMap((group) => [parseInt(group, 16) >> 8, parseInt(group, 16) & 255]).join('.') ?? canonical;
}

/** An address as it is counted: an IPv4 address itself, an IPv6 address by its network. */
function counted(address: string): string {
  if (address.startsWith('::ffff:') || address.startsWith('::FFFF:')) return address.slice(7);
  return address.includes(':') && isIPv6(address) ? `${expandIPv6(address).slice(0, 4).join(':')}::/64` : address;
}

function isLocalFile({ socket }: IncomingMessage, hop: number): boolean {
  return hop === 0 && socket.remoteAddress === undefined && !socket.destroyed;
}

function expandIPv6(address: string): string[] {
  const [head = '', tail = ''] = address.split('::');
  const before = head.split(':').filter(Boolean);
  const after = tail.split(':').filter(Boolean);
  const zeros = Array.from({ length: Math.max(0, 8 - before.length - after.length) }, () => '0');
  return [...before, ...zeros, ...after];
}
