// @ts-check

/** @import { Record, Trip, Delivery } from './record.js' */
/** @typedef {{ browser: string, server: string }} Labels */
/** @typedef {{ ink: string, soft: string, line: string, ground: string, lane: string, wash: string }} Colours */

/** How long a mark is animated, in ms, for the eye only. */
const flightMs = 260;
/** A round trip within one machine is shorter than a pixel; it is drawn at least this wide. */
const minTripWidth = 6;

/** Where the names of the rails are, to the left of the marks. */
const gutter = 54;

/** Draws one lane: the browser's rail above, the server's below, time from left to right with now at the right edge. */
export class Drawing {
  /** @param {HTMLCanvasElement} canvas */
  constructor(canvas) {
    this.canvas = canvas;
    const context = canvas.getContext('2d');
    if (context === null) throw new Error('This browser has no canvas');
    this.context = context;
    this.width = 0;
    /** How much time the width of the picture covers. */
    this.windowMs = 0;
    this.height = 0;
    new ResizeObserver(() => this.#resize()).observe(canvas);
    this.#resize();
  }

  /**
   * @param {Record} record
   * @param {{ now: number, labels: Labels, isStill: boolean }} options `isStill` for users who prefer reduced motion
   */
  draw(record, { now, labels, isStill }) {
    const { context, width, height } = this;
    const colours = this.#colours();
    const top = 11;
    const bottom = height - 11;
    const right = width - 8;
    const x = (/** @type {number} */ time) => right - ((now - time) / this.windowMs) * (right - gutter);

    context.clearRect(0, 0, width, height);
    this.#label(labels.browser, top, colours);
    this.#label(labels.server, bottom, colours);
    context.save();
    context.beginPath();
    context.rect(gutter, 0, width - gutter, height);
    context.clip();
    this.#wash(record, x, { top, bottom, right, colours });

    context.lineWidth = 1;
    context.strokeStyle = colours.line;
    this.#line(gutter, top, right, top);
    this.#line(gutter, bottom, right, bottom);

    for (const trip of record.trips) this.#trip(trip, x, { top, bottom, right, colours });
    for (const delivery of record.deliveries) this.#delivery(delivery, x, { top, bottom, colours });
    if (!isStill) this.#flights(record, x, { now, top, bottom, colours });
    context.restore();
  }

  /**
   * @param {Trip} trip
   * @param {(time: number) => number} x
   * @param {{ top: number, bottom: number, right: number, colours: Colours }} options
   */
  #trip(trip, x, { top, bottom, right, colours }) {
    const { context } = this;
    const half = minTripWidth / 2;
    const { from, to, isShort } = ends(trip, x, right);
    context.strokeStyle = colours.soft;
    context.fillStyle = colours.soft;
    context.lineWidth = 1.25;
    const landing = isShort ? (from + to) / 2 : from + half;
    this.#line(from, top, landing, bottom);
    this.#arrowHead(landing, bottom);
    if (trip.answered === undefined) return;
    if (trip.isEmpty) context.setLineDash([3, 3]);
    this.#line(isShort ? landing : to - half, bottom, to, top);
    context.setLineDash([]);
    if (!trip.isEmpty) return;
    context.beginPath();
    context.arc(to, top, 2.5, 0, 7);
    context.fillStyle = colours.ground;
    context.fill();
    context.stroke();
  }

  /**
   * @param {Delivery} delivery
   * @param {(time: number) => number} x
   * @param {{ top: number, bottom: number, colours: Colours }} options
   */
  #delivery({ made, arrived }, x, { top, bottom, colours }) {
    const { context } = this;
    context.strokeStyle = colours.lane;
    context.fillStyle = colours.lane;
    context.lineWidth = 1.5;
    context.globalAlpha = 0.75;
    this.#line(x(made), bottom, x(arrived), top);
    context.globalAlpha = 1;
    this.#dot(x(made), bottom, 2);
    this.#dot(x(arrived), top, 3.25);
  }

  /**
   * @param {Record} record
   * @param {(time: number) => number} x
   * @param {{ now: number, top: number, bottom: number, colours: Colours }} options
   */
  #flights(record, x, { now, top, bottom, colours }) {
    const { context } = this;
    for (const trip of record.trips) {
      const done = (now - trip.sent) / flightMs;
      if (done < 0 || done > 1) continue;
      context.fillStyle = colours.ink;
      this.#dot(x(trip.sent), top + (bottom - top) * done, 2.5);
    }
    for (const { made, arrived } of record.deliveries) {
      const done = (now - arrived) / flightMs;
      if (done < 0 || done > 1) continue;
      context.fillStyle = colours.lane;
      this.#dot(x(made) + (x(arrived) - x(made)) * done, bottom + (top - bottom) * done, 4.5);
    }
  }

  /**
   * Tints the time in which the server could send: as one path, so that overlaps aren't tinted twice.
   *
   * @param {Record} record
   * @param {(time: number) => number} x
   * @param {{ top: number, bottom: number, right: number, colours: Colours }} options
   */
  #wash(record, x, { top, bottom, right, colours }) {
    const { context } = this;
    const add = (/** @type {number} */ from, /** @type {number} */ to) =>
      context.rect(from, top, to - from, bottom - top);
    context.beginPath();
    if (record.openSince !== undefined) add(x(record.openSince), right);
    for (const { sent, answered } of record.trips) add(x(sent), answered === undefined ? right : x(answered));
    context.fillStyle = colours.wash;
    context.fill();
  }

  /**
   * @param {string} text
   * @param {number} y
   * @param {Colours} colours
   */
  #label(text, y, colours) {
    const { context } = this;
    context.font = '600 11px system-ui, sans-serif';
    context.textBaseline = 'middle';
    context.fillStyle = colours.soft;
    context.fillText(text, 1, y);
  }

  /**
   * @param {number} x0
   * @param {number} y0
   * @param {number} x1
   * @param {number} y1
   */
  #line(x0, y0, x1, y1) {
    this.context.beginPath();
    this.context.moveTo(x0, y0);
    this.context.lineTo(x1, y1);
    this.context.stroke();
  }

  /**
   * @param {number} x
   * @param {number} y
   * @param {number} radius
   */
  #dot(x, y, radius) {
    this.context.beginPath();
    this.context.arc(x, y, radius, 0, 7);
    this.context.fill();
  }

  /**
   * @param {number} x
   * @param {number} y
   */
  #arrowHead(x, y) {
    this.context.beginPath();
    this.context.moveTo(x, y);
    this.context.lineTo(x - 3, y - 6);
    this.context.lineTo(x + 2, y - 6);
    this.context.fill();
  }

  /** @returns {Colours} */
  #colours() {
    const style = getComputedStyle(this.canvas);
    const colour = (/** @type {string} */ name) => style.getPropertyValue(name);
    return {
      ink: colour('--canvas-ink'),
      soft: colour('--canvas-soft'),
      line: colour('--canvas-line'),
      ground: colour('--canvas-ground'),
      lane: colour('--canvas-lane'),
      wash: colour('--canvas-wash'),
    };
  }

  #resize() {
    const { canvas, context } = this;
    this.width = canvas.clientWidth;
    this.windowMs = this.width < 500 ? 3000 : 5000;
    this.height = canvas.clientHeight;
    canvas.width = Math.round(this.width * devicePixelRatio);
    canvas.height = Math.round(this.height * devicePixelRatio);
    context.setTransform(devicePixelRatio, 0, 0, devicePixelRatio, 0, 0);
  }
}

/**
 * @param {Trip} trip
 * @param {(time: number) => number} x
 * @param {number} right
 */
function ends(trip, x, right) {
  const from = x(trip.sent);
  const to = trip.answered === undefined ? right : x(trip.answered);
  if (to - from >= minTripWidth || trip.answered === undefined) return { from, to, isShort: false };
  const middle = (from + to) / 2;
  return { from: middle - minTripWidth / 2, to: middle + minTripWidth / 2, isShort: true };
}
