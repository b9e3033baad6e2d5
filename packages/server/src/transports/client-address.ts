import type { IncomingMessage } from 'node:http';
import ipaddr from 'ipaddr.js';
import { isIP, isIPv4, isIPv6 } from 'node:net';
import proxyaddr from 'proxy-addr';

/** The groups of an IPv6 address that name its /64 network. */
const NETWORK_GROUPS = 4;

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
  const address = inBrackets ?? beforePort ?? text;
  // ipaddr.js alone would also accept short forms such as `127.1`.
  return isIP(address) ? parsed(address).toString() : undefined;
}

/** The key under which an address is counted: an IPv4 address itself, or the /64 network of an IPv6 address. */
function counted(address: string): string {
  // Dual-stack sockets report every IPv4 client like this, and parsing it would add to the cost of each request.
  if (address.startsWith('::ffff:') && isIPv4(address.slice(7))) return address.slice(7);
  if (!isIPv6(address)) return address;
  const host = parsed(address);
  if (!('parts' in host)) return host.toString();
  const network = host.parts.slice(0, NETWORK_GROUPS).map((group) => group.toString(16));
  return `${network.join(':')}::/64`;
}

/** Parses an address: without its zone, and IPv4-mapped addresses (`::ffff:192.0.2.1`) as IPv4. */
function parsed(address: string): ipaddr.IPv4 | ipaddr.IPv6 {
  return ipaddr.process(address.replace(/%.*$/, ''));
}

function isLocalFile({ socket }: IncomingMessage, hop: number): boolean {
  return hop === 0 && socket.remoteAddress === undefined && !socket.destroyed;
}
