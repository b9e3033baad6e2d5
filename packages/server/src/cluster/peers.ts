import type { Bus } from './bus.js';
import type { NodeMessage } from './node-message.js';

/** How often a node says that it is there, in ms. */
const BEAT_MS = 500;

/** A bus that did not bring our own beat for so long is down, and a node that was not heard for so long silent. */
const SILENT_MS = 1200;

/** A bus that is silent for so long is connected to anew. */
const RECONNECT_MS = 3000;

/** The people of a node that was not heard for so long are gone. */
const GONE_MS = 30_000;

/** A node that said farewell: its people have had time to come back elsewhere. */
const FAREWELL_MS = 8000;

/**
 * A node that went silent may still take messages, cut off from the bus but not from the store. So the log is looked at
 * often until nobody expects that any more.
 */
const SUSPECT_MS = 10 * 60_000;

interface Peer {
  heardAt: number;
  /** How often it has had to keep something back. */
  lost: number;
  isGone: boolean;
}

/** Who hears about nodes. */
export interface PeersListener {
  /** The bus, or a node, was lost or found: something may have been missed. */
  changed(): void;
  /** A node could not tell all that it had to. */
  missed(): void;
  /** A node's people are gone. */
  gone(node: string): void;
}

/**
 * The other nodes, and whether the bus works. Each node sends beats to all, itself included: who hears its own knows
 * that its way to the bus and back is whole, however the connections look.
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

  /** Whether what is published here comes back here. */
  get isUp(): boolean {
    return this.#isUp;
  }

  /** Whether the bus can be relied on to bring everything soon: it works, and no node has gone silent. */
  get isWhole(): boolean {
    return this.#isUp && this.#wereAllThere;
  }

  /** The nodes that are heard. */
  get heard(): string[] {
    const since = now() - SILENT_MS;
    return [...this.#peers].filter(([, peer]) => !peer.isGone && peer.heardAt >= since).map(([node]) => node);
  }

  /** Others were not told of something: they hear of that with the next beat, and look into the log. */
  dropped(): void {
    this.#lost += 1;
  }

  /** The bus is connected, or not any more. */
  connected(isConnected: boolean): void {
    if (!isConnected) return this.#setUp(false);
    // From now on it has its time to answer.
    this.#echoAt = now();
    this.#beat();
  }

  /** Takes a beat, also our own. */
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
    // A process that was held up itself has no right to call others silent.
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

/** Time that no clock change moves. */
function now(): number {
  return performance.now();
}
