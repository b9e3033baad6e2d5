// @ts-check

/** @import { Accounts } from './view.js' */
/**
 * @typedef {{ type: 'run', id: string } | { type: 'stats', accounts: Accounts } | { type: 'paused', last: number }
 *   | { type: 'clock', sent: number, server: number }} News
 */
/** @typedef {{ type: 'start' } | { type: 'pause' } | { type: 'rate', rate: number } | { type: 'clock', sent: number }} Order */

const clockReadings = 7;

/** The page's connection to the server's run: commands go up, numbers come down. */
export class Control {
  #socket = new WebSocket(`${location.origin.replace('http', 'ws')}/control`);
  #stats = (/** @type {Accounts} */ _accounts) => {};
  #paused = (/** @type {number} */ _last) => {};
  /** The best reading of the server's clock: the one with the shortest round trip. */
  #clock = { roundTrip: Infinity, ahead: 0 };
  #readings = 0;
  #run = '';

  /**
   * @param {object} handlers
   * @param {(run: string, serverAhead: number) => void} handlers.onReady
   * @param {(accounts: Accounts) => void} handlers.onStats
   * @param {(last: number) => void} handlers.onPaused with the number of the last message
   * @param {() => void} handlers.onLost
   */
  constructor({ onReady, onStats, onPaused, onLost }) {
    this.#stats = onStats;
    this.#paused = onPaused;
    this.#socket.addEventListener('close', onLost);
    this.#socket.addEventListener('message', (event) => this.#hear(JSON.parse(event.data), onReady));
    this.close = () => {
      this.#socket.removeEventListener('close', onLost);
      this.#socket.close();
    };
  }

  /** @param {Order} order */
  send(order) {
    if (this.#socket.readyState === WebSocket.OPEN) this.#socket.send(JSON.stringify(order));
  }

  /**
   * @param {News} news
   * @param {(run: string, serverAhead: number) => void} onReady
   */
  #hear(news, onReady) {
    if (news.type === 'stats') this.#stats(news.accounts);
    else if (news.type === 'paused') this.#paused(news.last);
    else if (news.type === 'run') {
      this.#run = news.id;
      this.send({ type: 'clock', sent: performance.now() });
    } else {
      this.#read(news);
      if (this.#readings < clockReadings) this.send({ type: 'clock', sent: performance.now() });
      else onReady(this.#run, this.#clock.ahead);
    }
  }

  /** @param {{ sent: number, server: number }} reading */
  #read({ sent, server }) {
    const now = performance.now();
    const roundTrip = now - sent;
    this.#readings += 1;
    if (roundTrip < this.#clock.roundTrip) this.#clock = { roundTrip, ahead: server - (sent + now) / 2 };
  }
}
