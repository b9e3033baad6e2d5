import type { IncomingMessage } from 'node:http';
import { isIPv6 } from 'node:net';
import proxyaddr from 'proxy-addr';

/** Who is at the other end, as rate limits count it. */
export class Addresses {
  readonly #trusted: (address: string, hop: number) => boolean;

  /** `trustedProxies`: addresses or subnets whose `X-Forwarded-For` is believed; `loopback` and `uniquelocal` are known words. */
  constructor(trustedProxies: string[]) {
    this.#trusted = proxyaddr.compile(trustedProxies);
  }

  /** A request's address. An IPv6 host's is its /64, since a host has all of it. */
  of(request: IncomingMessage): string {
    const { remoteAddress } = request.socket;
    // Most requests say nothing of proxies; the address of those is the socket's, with or without trust.
    if (remoteAddress !== undefined && request.headers['x-forwarded-for'] === undefined) return counted(remoteAddress);
    // What comes over a socket file comes from a program of this machine, which says for whom.
    const trusted = (address: string, hop: number) => isLocalFile(request, hop) || this.#trusted(address, hop);
    return counted(proxyaddr(request, trusted) ?? 'local');
  }

  /** Whether the request came through a trusted proxy, so that its `X-Forwarded-…` headers count. */
  isProxied(request: IncomingMessage): boolean {
    const { remoteAddress } = request.socket;
    return remoteAddress !== undefined && this.#trusted(remoteAddress, 0);
  }
}

/** An address as it is counted: an IPv4 one as such, an IPv6 one by its network. */
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
