// @ts-check
import { Drawing } from './drawing.js';
import { percentile, transports } from './record.js';
import { language, words } from './words.js';

/** @import { Record, Transport } from './record.js' */
/** @typedef {{ requests: number, bytesIn: number, bytesOut: number }} Account */
/** @typedef {{ [transport in Transport]: Account }} Accounts */
/** @typedef {{ requests: number, messages: number, bytesUp: number, bytesDown: number, bytesEach: number | undefined, median: number | undefined, p95: number | undefined }} Numbers */

/**
 * @template {HTMLElement} T
 * @param {string} id of an element that the page has for certain
 * @param {new () => T} kind
 * @returns {T}
 */
export function find(id, kind) {
  const element = document.getElementById(id);
  if (element instanceof kind) return element;
  throw new Error(`The page has no such #${id}`);
}

/** The lane of one transport, with its row in the table. */
export class LaneView {
  /** @param {Transport} transport */
  constructor(transport) {
    this.transport = transport;
    this.lane = make('article', { className: 'lane' });
    this.lane.dataset['transport'] = transport;
    this.name = make('h2');
    this.note = make('p', { className: 'soft' });
    const label = make('div', { className: 'name' });
    label.append(this.name, this.note);
    this.canvas = make('canvas');
    this.canvas.role = 'img';
    this.meters = make('dl');
    this.requests = this.#meter();
    this.bytes = this.#meter();
    this.latency = this.#meter();
    this.lane.append(label, this.canvas, this.meters);
    find('lanes', HTMLElement).append(this.lane);
    this.drawing = new Drawing(this.canvas);

    this.row = make('tr');
    this.row.dataset['transport'] = transport;
    this.head = make('th', { scope: 'row' });
    this.cells = cellNames.map((name) => {
      const cell = make('td');
      cell.dataset['field'] = name;
      return cell;
    });
    this.row.append(this.head, ...this.cells);
    find('rows', HTMLElement).append(this.row);
  }

  /** Writes the texts again, in the page's current language. */
  translate() {
    const { names, notes, laneDrawing, requests, bytes, latency } = words();
    this.name.textContent = names[this.transport];
    this.head.textContent = names[this.transport];
    this.note.textContent = notes[this.transport];
    this.canvas.ariaLabel = laneDrawing(names[this.transport]);
    this.requests.term.textContent = requests;
    this.bytes.term.textContent = bytes;
    this.latency.term.textContent = latency;
  }

  /**
   * @param {Record} record
   * @param {{ now: number, isStill: boolean }} options
   */
  draw(record, { now, isStill }) {
    const labels = { browser: words().browser, server: words().server };
    this.drawing.draw(record, { now, isStill, labels });
  }

  /**
   * @param {Numbers} numbers
   * @param {{ requests: number, bytes: number, latency: number }} most the highest of any lane; the bars are drawn
   * relative to it
   */
  show(numbers, most) {
    const bytes = numbers.bytesUp + numbers.bytesDown;
    setMeter(this.requests, whole(numbers.requests), numbers.requests / most.requests);
    setMeter(this.bytes, size(bytes), bytes / most.bytes);
    const latency = numbers.p95 === undefined ? '–' : `${milliseconds(numbers.median)} (${milliseconds(numbers.p95)})`;
    setMeter(this.latency, latency, (numbers.median ?? 0) / most.latency);
    const texts = {
      requests: whole(numbers.requests),
      messages: whole(numbers.messages),
      bytesUp: whole(numbers.bytesUp),
      bytesDown: whole(numbers.bytesDown),
      bytesEach: numbers.bytesEach === undefined ? '–' : whole(numbers.bytesEach),
      median: milliseconds(numbers.median),
      p95: milliseconds(numbers.p95),
    };
    for (const [i, name] of cellNames.entries()) {
      const cell = this.cells[i];
      if (cell !== undefined) cell.textContent = texts[name];
    }
  }

  #meter() {
    const term = make('dt');
    const value = make('dd');
    const group = make('div');
    group.append(term, value);
    this.meters.append(group);
    return { group, term, value };
  }
}

const cellNames = /** @type {const} */ (['requests', 'messages', 'bytesUp', 'bytesDown', 'bytesEach', 'median', 'p95']);

/**
 * @param {Record} record
 * @param {Account} account
 * @returns {Numbers}
 */
export function numbersOf(record, account) {
  const bytes = account.bytesIn + account.bytesOut;
  return {
    requests: account.requests,
    messages: record.received,
    bytesUp: account.bytesIn,
    bytesDown: account.bytesOut,
    bytesEach: record.received === 0 ? undefined : bytes / record.received,
    median: percentile(record.latencies, 0.5),
    p95: percentile(record.latencies, 0.95),
  };
}

/** One sentence that says what the picture shows. @param {Accounts | undefined} accounts @param {number} count */
export function verdict(accounts, count) {
  if (accounts === undefined || count === 0) return words().noVerdict;
  const short = accounts['short-polling'];
  const webSocket = accounts.websocket;
  const times = (short.bytesIn + short.bytesOut) / (webSocket.bytesIn + webSocket.bytesOut);
  return words().verdict(
    whole(count),
    new Intl.NumberFormat(language(), { maximumSignificantDigits: 2 }).format(times),
    whole(short.requests),
  );
}

/** @param {number} value */
export function whole(value) {
  return new Intl.NumberFormat(language(), { maximumFractionDigits: 0 }).format(value);
}

/** The names of the lanes for which `test` holds, for a sentence. @param {(transport: Transport) => boolean} test */
export function namesWhere(test) {
  return transports
    .filter(test)
    .map((transport) => words().names[transport])
    .join(', ');
}

/** @param {number} bytes */
function size(bytes) {
  if (bytes < 1000) return `${whole(bytes)} B`;
  const isMega = bytes >= 999_500;
  const format = new Intl.NumberFormat(language(), { maximumSignificantDigits: 3 });
  return `${format.format(bytes / (isMega ? 1_000_000 : 1000))} ${isMega ? 'MB' : 'kB'}`;
}

/** @param {number | undefined} value */
function milliseconds(value) {
  if (value === undefined) return '–';
  const format = new Intl.NumberFormat(language(), { maximumFractionDigits: value < 10 ? 1 : 0 });
  return `${format.format(value)} ms`;
}

/**
 * @param {{ group: HTMLElement, value: HTMLElement }} meter
 * @param {string} text
 * @param {number} part length of the bar relative to the longest, 0 to 1
 */
function setMeter({ group, value }, text, part) {
  value.textContent = text;
  group.style.setProperty('--part', String(Number.isFinite(part) ? part : 0));
}

/**
 * @template {keyof HTMLElementTagNameMap} K
 * @param {K} tag
 * @param {Partial<HTMLElementTagNameMap[K]>} [properties]
 * @returns {HTMLElementTagNameMap[K]}
 */
function make(tag, properties = {}) {
  return Object.assign(document.createElement(tag), properties);
}
