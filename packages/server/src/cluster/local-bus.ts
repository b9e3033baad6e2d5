import type { Bus } from './bus.js';

/** No bus: sends nothing. Nodes that share a store still find each other's events in the log. */
export const localBus: Bus = {
  isConnected: false,
  publish: () => false,
  subscribe: () => Promise.resolve(),
  unsubscribe: () => undefined,
  count: () => Promise.resolve(undefined),
  moveTo: () => undefined,
  reconnect: () => undefined,
  close: () => Promise.resolve(),
};
