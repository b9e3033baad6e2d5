import type { Bus } from './bus.js';
import type { NodeMessage } from './node-message.js';

/** Interval between a node's heartbeats, in ms. */
const BEAT_MS = 500;

/**
 * The bus is down if it has not returned our own heartbeat for this long, and a node is silent if none of its
 * heartbeats came, in ms.
 */
const SILENT_MS = 1200;

/** A bus that is silent for this long is reconnected, in ms. */
const RECONNECT_MS = 3000;

/** The users of a node that has been silent for this long are offline, in ms. */
const GONE_MS = 30_000;

/** The same for a node that said farewell, in ms: enough time for its users to reconnect elsewhere. */
const FAREWELL_MS = 8000;

/**
 * A silent node may still accept messages, cut off from the bus but not from the store. So for this long, in ms, the
 * log is checked often.
 */
const SUSPECT_MS = 10 * 60_000;

interface Peer {
  heardAt: number;
  /** How many messages it has had to drop. */
  lost: number;
  isGone: boolean;
}

/** Receives what becomes known of other nodes. */
export interface PeersListener {
  /** The bus or a node was lost or found: something may have been missed. */
  changed(): void;
  /** A node could not send everything. */
  missed(): void;
  /** A node is gone, and its users with it. */
  gone(node: string): void;
}

/**
 * The other nodes, and whether the bus works. Each node sends heartbeats to all, itself included: a node that receives
 * its own knows that the whole path works, whatever the connections look like.
 */
export class Peers {
  readonly #node: string;
  readonly #bus: () => Bus;
  readonly #listener: PeersListener;
  readonly #peers = new Map<string, Peer>();
  readonly #beating: NodeJS.Timeout;
  #echoAt = 0;
  #isUp = false;
  #wereAllThere = true;
  #lost = 0;
  #lookedAt = now();

  constructor(node: string, bus: () => Bus, listener: PeersListener) {
    this.#node = node;
    this.#bus = bus;
    this.#listener = listener;
    this.#beating = setInterval(() => this.#beat(), BEAT_MS);
    this.#beating.unref();
  }

  /** Whether messages published here come back here. */
  get isUp(): boolean {
    return this.#isUp;
  }

  /** Whether the bus can be relied on to deliver everything soon: it works, and no node has fallen silent. */
  get isWhole(): boolean {
    return this.#isUp && this.#wereAllThere;
  }

  /** The nodes whose heartbeats arrive. */
  get heard(): string[] {
    const since = now() - SILENT_MS;
    return [...this.#peers].filter(([, peer]) => !peer.isGone && peer.heardAt >= since).map(([node]) => node);
  }

  /** A message was dropped: the next heartbeat tells the other nodes, which then check the log. */
  dropped(): void {
    this.#lost += 1;
  }

  /** The bus is connected, or no longer connected. */
  connected(isConnected: boolean): void {
    if (!isConnected) return this.#setUp(false);
    // Its time to answer starts now.
    this.#echoAt = now();
    this.#beat();
  }

  /** Receives a heartbeat, which may be our own. */
  hear(message: Extract<NodeMessage, { kind: 'beat' | 'farewell' }>): void {
    if (message.node === this.#node) {
      this.#echoAt = now();
      this.#setUp(true);
      return;
    }
    if (message.kind === 'farewell') return this.#farewell(message.node);
    const known = this.#peers.get(message.node);
    const hasLost = known !== undefined && known.lost !== message.lost;
    this.#peers.set(message.node, { heardAt: now(), lost: message.lost, isGone: false });
    if (known?.isGone) this.#listener.changed();
    else if (hasLost) this.#listener.missed();
    // A new node knows nobody yet.
    if (!known) this.#send('beat');
  }

  /** Says farewell, and stops. */
  close(): void {
    clearInterval(this.#beating);
    this.#send('farewell');
  }

  #farewell(node: string): void {
    this.#peers.delete(node);
    setTimeout(() => {
      if (!this.#peers.has(node)) this.#listener.gone(node);
    }, FAREWELL_MS).unref();
  }

  #beat(): void {
    const at = now();
    // If this process was itself held up, it must not declare others silent.
    const wasAsleep = at - this.#lookedAt > 2 * BEAT_MS;
    this.#lookedAt = at;
    this.#send('beat');
    if (wasAsleep) {
      this.#echoAt = Math.max(this.#echoAt, at - SILENT_MS / 2);
      return;
    }
    if (at - this.#echoAt > SILENT_MS) this.#setUp(false);
    if (this.#bus().isConnected && at - this.#echoAt > RECONNECT_MS) {
      this.#echoAt = at;
      this.#bus().reconnect();
    }
    this.#look(at);
  }

  #look(at: number): void {
    let areAllThere = true;
    for (const [node, peer] of this.#peers) {
      const silentMs = at - peer.heardAt;
      if (silentMs > SILENT_MS) areAllThere = false;
      if (silentMs > GONE_MS && !peer.isGone) {
        peer.isGone = true;
        this.#listener.gone(node);
      }
      if (silentMs > SUSPECT_MS) this.#peers.delete(node);
    }
    const hasChanged = areAllThere !== this.#wereAllThere;
    this.#wereAllThere = areAllThere;
    if (hasChanged) this.#listener.changed();
  }

  #setUp(isUp: boolean): void {
    if (isUp === this.#isUp) return;
    this.#isUp = isUp;
    this.#listener.changed();
  }

  #send(kind: 'beat' | 'farewell'): void {
    const message: NodeMessage = { kind, node: this.#node, lost: this.#lost };
    this.#bus().publish('nodes', JSON.stringify(message));
  }
}

/** A time that no clock change affects. */
function now(): number {
  return performance.now();
}
