/**
 * What nodes tell each other through: everybody who heard a room, everybody who has a connection of a user, one node,
 * or all nodes.
 */
export type Topic = `room:${string}` | `user:${string}` | `node:${string}` | 'nodes';

/**
 * `none`: there is no bus. `down`: there is one, and it does not work now. `up`: what is published arrives, as far as
 * can be told.
 */
export type BusState = 'none' | 'down' | 'up';

/**
 * Hints between nodes. A message may be lost, come twice, late or out of order; nothing may depend on it but speed.
 * Nothing here throws for what happens to the bus, and nothing but {@link Bus.subscribe} is worth waiting for.
 */
export interface Bus {
  /** Whether messages can be handed over now; that they arrive is for the nodes to find out. */
  readonly isConnected: boolean;
  /** Hands a message over. False if it was dropped: the bus is gone, or has too much to do. */
  publish(topic: Topic, message: string): boolean;
  /** Hears a topic from now on, until {@link Bus.unsubscribe}. Resolves when it does, or when that must wait. */
  subscribe(topic: Topic): Promise<void>;
  unsubscribe(topic: Topic): void;
  /**
   * Adds to a count that lasts for a window, and answers its sum over all nodes with what is left of the window, in ms;
   * undefined when the bus can't.
   */
  count(key: string, points: number, windowMs: number): Promise<{ total: number; msLeft: number } | undefined>;
  /** Gives up a connection that seems dead, and makes another. */
  reconnect(): void;
  close(): Promise<void>;
}

/** Who hears of a bus. */
export interface BusListener {
  message(topic: Topic, message: string): void;
  /** It is connected, and all topics are subscribed; or it is not any more. */
  connected(isConnected: boolean): void;
}
