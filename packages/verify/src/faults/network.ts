import { pause } from '../random.js';
import type { Proxy, Weather } from '../proxy.js';
import type { Fault } from '../world.js';

/** Connections are cut where they stand. */
export const cut: Fault = {
  kind: 'cut',
  weight: 3,
  run: async ({ proxy, random, history }) => {
    history.add({ type: 'fault', kind: 'cut' });
    proxy.cutSome(random.next());
    await pause(random.between(50, 300));
  },
};

/** New connections are cut at a random byte, so that handshakes, headers and frames are all affected. */
export const cutAtBytes = weatherFault('cut-at-bytes', { cut: 0.7, halfOpen: 0, delayMs: 0, duplicate: 0 }, 0.7);

/**
 * Connections over which nothing passes any more, without either end being told: new ones from a random byte on, and some
 * that are in use.
 */
export const halfOpen = weatherFault('half-open', { cut: 0, halfOpen: 0.5, delayMs: 0, duplicate: 0 }, 0.5, (proxy) =>
  proxy.silenceSome(0.2),
);

/** Connections that are late, each by its own time. */
export const delay = weatherFault('delay', { cut: 0, halfOpen: 0, delayMs: 400, duplicate: 0 }, 0.8);

/** Requests that arrive twice: REST sends, and what Socket.IO posts. */
export const duplicate = weatherFault('duplicate', { cut: 0, halfOpen: 0, delayMs: 50, duplicate: 0.7 }, 0.9);

function weatherFault(kind: string, weather: Weather, share: number, atEnd?: (proxy: Proxy) => void): Fault {
  return {
    kind,
    weight: 1,
    run: async ({ proxy, random, history }) => {
      history.add({ type: 'fault', kind });
      proxy.weather = weather;
      proxy.cutSome(share);
      await pause(random.between(800, 2500));
      atEnd?.(proxy);
      proxy.clear();
      history.add({ type: 'fault', kind: 'calm' });
    },
  };
}
