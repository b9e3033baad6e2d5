// @ts-check
import { Control } from './control.js';
import { openLane } from './lanes.js';
import { Record, transports } from './record.js';
import { LaneView, find, namesWhere, numbersOf, verdict, whole } from './view.js';
import { startLanguage, words } from './words.js';

/** @import { Lane } from './lanes.js' */
/** @import { Accounts } from './view.js' */
/** @typedef {'connecting' | 'running' | 'settling' | 'paused' | 'lost'} State */

/** How long a pause waits for messages that are still under way, in ms. */
const settleMs = 4000;

const rate = find('rate', HTMLInputElement);
const interval = find('interval', HTMLInputElement);
const toggle = find('toggle', HTMLButtonElement);
const lessMotion = matchMedia('(prefers-reduced-motion: reduce)');

const views = transports.map((transport) => new LaneView(transport));
let records = emptyRecords(0);
/** @type {Lane[]} */
let lanes = [];
/** @type {Control | undefined} */
let control;
/** @type {Accounts | undefined} */
let accounts;
/** @type {State} */
let state = 'connecting';
/** The number of the newest message when the source stopped. */
let last = 0;
let pausedAt = 0;
let drawnAt = 0;
let isPausedByHiding = false;

startLanguage(() => {
  for (const view of views) view.translate();
  showSettings();
  showState();
  showNumbers();
});
connect();
requestAnimationFrame(frame);

toggle.addEventListener('click', () => {
  isPausedByHiding = false;
  if (state === 'running') pause();
  else if (state === 'paused') resume();
  else if (state === 'lost') connect();
});
find('over', HTMLButtonElement).addEventListener('click', connect);
find('controls', HTMLFormElement).addEventListener('input', () => {
  showSettings();
  control?.send({ type: 'rate', rate: rate.valueAsNumber });
});
document.addEventListener('visibilitychange', followVisibility);

/** Begins a new run: closes the old one, compares the clocks, opens the lanes, then starts the messages. */
function connect() {
  close();
  records = emptyRecords(0);
  accounts = undefined;
  last = 0;
  setState('connecting');
  const mine = new Control({
    onReady: (run, serverAhead) => void start(mine, run, serverAhead),
    onStats: (now) => {
      accounts = now;
      showNumbers();
    },
    onPaused: (newest) => {
      last = newest;
      for (const lane of lanes) lane.pause(newest);
      void settle();
    },
    onLost: () => {
      close();
      setState('lost');
    },
  });
  control = mine;
}

/**
 * @param {Control} mine
 * @param {string} run
 * @param {number} serverAhead
 */
async function start(mine, run, serverAhead) {
  records = emptyRecords(serverAhead);
  lanes = transports.map((transport) =>
    openLane[transport]({ run, record: records[transport], pollEveryMs: () => interval.valueAsNumber }),
  );
  await Promise.all(lanes.map((lane) => lane.ready));
  if (control !== mine || state !== 'connecting') return;
  mine.send({ type: 'rate', rate: rate.valueAsNumber });
  mine.send({ type: 'start' });
  setState('running');
}

function pause() {
  setState('settling');
  control?.send({ type: 'pause' });
}

/** Waits for the messages that were created before the source stopped, then freezes the picture. */
async function settle() {
  const mine = control;
  const until = performance.now() + settleMs;
  while (performance.now() < until && namesWhere((transport) => !records[transport].hasAll(last)) !== '')
    await new Promise((resolve) => setTimeout(resolve, 50));
  if (control !== mine || state !== 'settling') return;
  pausedAt = performance.now();
  showNumbers();
  setState('paused');
}

function resume() {
  const pausedMs = performance.now() - pausedAt;
  for (const transport of transports) records[transport].shift(pausedMs);
  for (const lane of lanes) lane.resume();
  control?.send({ type: 'start' });
  setState('running');
}

function close() {
  for (const lane of lanes) lane.close();
  lanes = [];
  control?.close();
  control = undefined;
  pausedAt = performance.now();
}

/** @param {State} next */
function setState(next) {
  state = next;
  showState();
  followVisibility();
}

/**
 * A hidden page's timers are slowed down, which would be measured as latency, so a run pauses until the page is
 * visible.
 */
function followVisibility() {
  if (document.hidden && state === 'running') {
    isPausedByHiding = true;
    pause();
  } else if (!document.hidden && state === 'paused' && isPausedByHiding) {
    isPausedByHiding = false;
    resume();
  }
}

function showState() {
  const lacking = namesWhere((transport) => !records[transport].hasAll(last));
  const paused = lacking === '' ? words().same(whole(last)) : words().notSame(lacking);
  const running = words().running(whole((views[0]?.drawing.windowMs ?? 0) / 1000));
  find('state', HTMLElement).textContent = state === 'paused' ? paused : state === 'running' ? running : words()[state];
  toggle.textContent = state === 'paused' || state === 'lost' ? words().start : words().pause;
  toggle.disabled = state === 'connecting' || state === 'settling';
  document.body.dataset['state'] = state;
}

function showSettings() {
  find('rate-now', HTMLElement).textContent = words().rateNow(whole(rate.valueAsNumber));
  find('interval-now', HTMLElement).textContent = words().intervalNow(whole(interval.valueAsNumber));
}

function showNumbers() {
  const all = views.map((view) =>
    numbersOf(records[view.transport], accounts?.[view.transport] ?? { requests: 0, bytesIn: 0, bytesOut: 0 }),
  );
  const most = {
    requests: Math.max(...all.map((numbers) => numbers.requests)),
    bytes: Math.max(...all.map((numbers) => numbers.bytesUp + numbers.bytesDown)),
    latency: Math.max(...all.map((numbers) => numbers.median ?? 0)),
  };
  for (const [i, view] of views.entries()) {
    const numbers = all[i];
    if (numbers !== undefined) view.show(numbers, most);
  }
  find('verdict', HTMLElement).textContent = verdict(accounts, records['short-polling'].received);
}

/** @param {number} time */
function frame(time) {
  requestAnimationFrame(frame);
  const isStill = lessMotion.matches;
  // With reduced motion, the picture changes once a second instead of moving.
  if (isStill && state === 'running' && time - drawnAt < 1000) return;
  drawnAt = time;
  const isMoving = state === 'running' || state === 'settling' || state === 'connecting';
  const now = isMoving ? performance.now() : pausedAt;
  for (const view of views) {
    const record = records[view.transport];
    if (isMoving) record.forgetOld(now);
    view.draw(record, { now, isStill: isStill || !isMoving });
  }
}

/** @param {number} serverAhead */
function emptyRecords(serverAhead) {
  const make = () => new Record(serverAhead);
  return {
    'short-polling': make(),
    'long-polling': make(),
    'server-sent-events': make(),
    websocket: make(),
    'socket.io': make(),
  };
}
