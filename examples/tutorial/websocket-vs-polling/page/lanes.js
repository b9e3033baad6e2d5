// @ts-check
import { io } from 'socket.io-client';

/** @import { Record, Message } from './record.js' */
/** @typedef {{ run: string, record: Record, pollEveryMs: () => number }} LaneOptions */
/** @typedef {{ ready: Promise<void>, close: () => void, pause: (last: number) => void, resume: () => void }} Lane */

/**
 * Each transport as a page would use it. `ready` resolves once messages can arrive; only short polling needs pausing.
 */
export const openLane = {
  'short-polling': shortPolling,
  'long-polling': longPolling,
  'server-sent-events': serverSentEvents,
  websocket: webSocket,
  'socket.io': socketIo,
};

/**
 * @param {LaneOptions} options
 * @returns {Lane}
 */
function shortPolling({ run, record, pollEveryMs }) {
  const ending = new AbortController();
  let pauseAt = Infinity;
  let isWaiting = false;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  void poll();
  return {
    ready: Promise.resolve(),
    close() {
      ending.abort();
      clearTimeout(timer);
    },
    pause(last) {
      pauseAt = last;
    },
    resume() {
      pauseAt = Infinity;
      if (isWaiting) void poll();
    },
  };

  async function poll() {
    isWaiting = false;
    const startedAt = performance.now();
    if (!(await ask('short-polling', run, record, ending.signal))) return;
    // The last messages before a pause are still fetched.
    if (record.last >= pauseAt) isWaiting = true;
    else timer = setTimeout(() => void poll(), Math.max(0, startedAt + pollEveryMs() - performance.now()));
  }
}

/**
 * @param {LaneOptions} options
 * @returns {Lane}
 */
function longPolling({ run, record }) {
  const ending = new AbortController();
  void poll();
  return lane(Promise.resolve(), () => ending.abort());

  async function poll() {
    while (await ask('long-polling', run, record, ending.signal));
  }
}

/**
 * @param {LaneOptions} options
 * @returns {Lane}
 */
function serverSentEvents({ run, record }) {
  const trip = record.ask();
  const source = new EventSource(`/server-sent-events?run=${run}`);
  source.addEventListener('message', (event) => record.receive(JSON.parse(event.data)));
  source.addEventListener('open', () => {
    record.answer(trip, { isEmpty: false });
    record.open();
  });
  return lane(once(source, 'open'), () => source.close());
}

/**
 * @param {LaneOptions} options
 * @returns {Lane}
 */
function webSocket({ run, record }) {
  const trip = record.ask();
  const socket = new WebSocket(`${location.origin.replace('http', 'ws')}/websocket?run=${run}`);
  socket.addEventListener('message', (event) => record.receive(JSON.parse(event.data)));
  socket.addEventListener('open', () => {
    record.answer(trip, { isEmpty: false });
    record.open();
  });
  return lane(once(socket, 'open'), () => socket.close());
}

/**
 * @param {LaneOptions} options
 * @returns {Lane}
 */
function socketIo({ run, record }) {
  const socket = io({ query: { run }, forceNew: true, reconnection: false });
  // The page's code doesn't see the library's polling requests; the browser's timeline does.
  const timeline = new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) {
      if (!(entry instanceof PerformanceResourceTiming) || !entry.name.includes(`/socket.io/?run=${run}`)) continue;
      record.trips.push({ sent: entry.startTime, answered: entry.responseEnd, isEmpty: false });
    }
  });
  timeline.observe({ type: 'resource' });
  socket.on('message', (/** @type {Message} */ message) => record.receive(message));
  /** @type {Promise<void>} */
  const ready = new Promise((resolve) => {
    socket.once('connect', () => {
      record.open();
      const { engine } = socket.io;
      engine.once('upgrading', () => {
        const trip = record.ask();
        engine.once('upgrade', () => record.answer(trip, { isEmpty: false }));
      });
      engine.once('upgrade', () => resolve());
      // Where WebSocket doesn't get through, there is no upgrade, and polling continues.
      setTimeout(resolve, 2000);
    });
  });
  return lane(ready, () => {
    timeline.disconnect();
    socket.close();
  });
}

/**
 * One poll: asks for what came after the last message.
 *
 * @param {string} path
 * @param {string} run
 * @param {Record} record
 * @param {AbortSignal} signal
 * @returns {Promise<boolean>} whether to continue polling
 */
async function ask(path, run, record, signal) {
  const trip = record.ask();
  try {
    const response = await fetch(`/${path}?run=${run}&after=${record.last}`, { signal });
    /** @type {Message[]} */
    const messages = response.ok ? await response.json() : [];
    record.answer(trip, { isEmpty: messages.length === 0 });
    for (const message of messages) record.receive(message);
    return response.ok && !signal.aborted;
  } catch {
    // The run was closed, or the server is gone; the control connection reports that too.
    return false;
  }
}

/**
 * @param {Promise<void>} ready
 * @param {() => void} close
 * @returns {Lane}
 */
function lane(ready, close) {
  return { ready, close, pause() {}, resume() {} };
}

/**
 * @param {EventTarget} target
 * @param {string} event
 * @returns {Promise<void>}
 */
function once(target, event) {
  return new Promise((resolve) => {
    target.addEventListener(event, () => resolve(), { once: true });
  });
}
