// @ts-check

/** @typedef {'short-polling' | 'long-polling' | 'server-sent-events' | 'websocket' | 'socket.io'} Transport */
/** @typedef {{ n: number, at: number }} Message as the server created it; `at` is the server's clock */
/** @typedef {{ sent: number, answered: number | undefined, isEmpty: boolean }} Trip a request and its answer */
/** @typedef {{ made: number, arrived: number }} Delivery */

export const transports = /** @type {const} */ ([
  'short-polling',
  'long-polling',
  'server-sent-events',
  'websocket',
  'socket.io',
]);

const maxLatencies = 1000;
/** Longer than the picture is wide. */
const keepMs = 8000;

/** What one lane has seen. All times are the page's: `performance.now()`. */
export class Record {
  /** @type {Trip[]} */
  trips = [];
  /** @type {Delivery[]} */
  deliveries = [];
  /** Since when the connection has been open; `undefined` while there is none. @type {number | undefined} */
  openSince;
  /** @type {number[]} */
  latencies = [];
  received = 0;
  last = 0;
  /** Messages that arrived twice or out of order. */
  strays = 0;

  /** @param {number} serverAhead how many milliseconds the server's clock is ahead of the page's */
  constructor(serverAhead) {
    this.serverAhead = serverAhead;
  }

  /** @returns {Trip} to be completed by `answer` */
  ask() {
    const trip = { sent: performance.now(), answered: undefined, isEmpty: false };
    this.trips.push(trip);
    return trip;
  }

  /**
   * @param {Trip} trip
   * @param {{ isEmpty: boolean }} how
   */
  answer(trip, { isEmpty }) {
    trip.answered = performance.now();
    trip.isEmpty = isEmpty;
  }

  open() {
    this.openSince = performance.now();
  }

  /** @param {Message} message */
  receive(message) {
    const arrived = performance.now();
    const made = Math.min(arrived, message.at - this.serverAhead);
    this.received += 1;
    if (message.n !== this.last + 1) this.strays += 1;
    this.last = message.n;
    this.latencies.push(arrived - made);
    if (this.latencies.length > maxLatencies) this.latencies.shift();
    this.deliveries.push({ made, arrived });
  }

  /** @param {number} now */
  forgetOld(now) {
    this.trips = this.trips.filter((trip) => now - (trip.answered ?? now) < keepMs);
    this.deliveries = this.deliveries.filter((delivery) => now - delivery.arrived < keepMs);
  }

  /** Moves all marks on by the length of a pause, so that the picture continues where it was. @param {number} ms */
  shift(ms) {
    for (const trip of this.trips) {
      trip.sent += ms;
      if (trip.answered !== undefined) trip.answered += ms;
    }
    for (const delivery of this.deliveries) {
      delivery.made += ms;
      delivery.arrived += ms;
    }
    if (this.openSince !== undefined) this.openSince += ms;
  }

  /** Whether every message up to number `last` arrived, once and in order. @param {number} last */
  hasAll(last) {
    return this.last === last && this.received === last && this.strays === 0;
  }
}

/**
 * @param {number[]} values
 * @param {number} part 0.5 for the median
 * @returns {number | undefined} by nearest rank; `undefined` without values
 */
export function percentile(values, part) {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(sorted.length * part) - 1)];
}
