/**
 * An address for messages between nodes: the nodes that follow a room, those that have a connection of a user, one
 * node, or all nodes.
 */
export type Topic = `room:${string}` | `user:${string}` | `node:${string}` | 'nodes';

/**
 * `none`: there is no bus. `down`: there is one, but it does not work. `up`: published messages arrive, as far as can
 * be told.
 */
export type BusState = 'none' | 'down' | 'up';

/**
 * Hints between nodes. A message may be lost, repeated, late or out of order; only speed may depend on it. Nothing here
 * throws because of the state of the bus, and only {@link Bus.subscribe} is worth awaiting.
 */
export interface Bus {
  /** Whether messages can be handed over now. Whether they arrive is for the nodes to find out. */
  readonly isConnected: boolean;
  /** Hands a message over. Returns false if it was dropped: the bus is gone, or overloaded. */
  publish(topic: Topic, message: string): boolean;
  /**
   * Receives a topic from now on, until {@link Bus.unsubscribe}. Resolves once the subscription is active, or can't be
   * made for now.
   */
  subscribe(topic: Topic): Promise<void>;
  unsubscribe(topic: Topic): void;
  /**
   * Adds to a count that lasts for one window. Returns its sum over all nodes and the rest of the window in ms;
   * undefined if the bus can't.
   */
  count(key: string, points: number, windowMs: number): Promise<{ total: number; msLeft: number } | undefined>;
  /** From now on talks to the nodes of another name, on the same topics. It reconnects for that. */
  moveTo(name: string): void;
  /** Drops a connection that seems dead, and makes another. */
  reconnect(): void;
  close(): Promise<void>;
}

/** Receives what the bus reports. */
export interface BusListener {
  message(topic: Topic, message: string): void;
  /** Whether it is connected, with all topics subscribed. */
  connected(isConnected: boolean): void;
}
