import type { Ledger } from './ledger.ts';
import type { LoadClient } from './load-client.ts';
import { markedText } from './marker.ts';

/** Sends messages until it is stopped. */
export interface Drive {
  start(): void;
  /** Sends nothing more. */
  stop(): void;
}

/** What all drives need: the ledger, and the sending clients, in the order of the ledger's senders. */
export interface Parts {
  ledger: Ledger;
  senders: readonly LoadClient[];
}

function sendOne({ ledger, senders }: Parts, sender: number, now: number): void {
  const number = ledger.book(sender, now);
  senders[sender]?.send(markedText(sender, number), number);
}

/**
 * Keeps `inFlight` messages in flight, spread over the senders: when one is done, its sender sends the next. A message
 * is done when everybody has received it, or when it is answered.
 */
export function closedLoop(parts: Parts, inFlight: number, done: 'heard' | 'answered'): Drive {
  const { ledger, senders } = parts;
  let running = false;
  const next = (sender: number) => {
    if (running && ledger.fault === undefined) sendOne(parts, sender, performance.now());
  };
  return {
    start: () => {
      running = true;
      if (done === 'heard') ledger.onCompleted = next;
      else ledger.onAnswered = next;
      for (let each = 0; each < inFlight; each += 1) next(each % senders.length);
    },
    stop: () => {
      running = false;
    },
  };
}

/**
 * Sends messages at a fixed rate, whatever comes back, the senders taking turns. Times count from when a message was
 * due, so delays of the generator count against the server.
 */
export function openLoop(parts: Parts, messagesPerSecond: number): Drive {
  let timer: NodeJS.Timeout | undefined;
  let turn = 0;
  let due = 0;
  const everyMs = 1000 / messagesPerSecond;
  const tick = () => {
    const now = performance.now();
    while (due <= now && parts.ledger.fault === undefined) {
      sendOne(parts, turn % parts.senders.length, due);
      turn += 1;
      due += everyMs;
    }
    timer = setTimeout(tick, Math.max(0, due - performance.now()));
  };
  return {
    start: () => {
      due = performance.now();
      tick();
    },
    stop: () => clearTimeout(timer),
  };
}

/**
 * Keeps a server busy for a while, then lets it come to rest. So a measurement of one message at a time uses the code
 * of a server that has been running for a while, not code that its JIT compiler has yet to compile.
 */
export async function warmUp(parts: Parts, seconds: number): Promise<void> {
  const drive = closedLoop(parts, 8, 'heard');
  drive.start();
  await sleep(seconds * 1000);
  drive.stop();
  await settle(parts.ledger);
  parts.ledger.onCompleted = undefined;
}

/** Waits until everybody has received everything, but not longer than `limitMs`; then checks the ledger. */
export async function settle(ledger: Ledger, limitMs = 10_000): Promise<void> {
  const until = performance.now() + limitMs;
  while (!ledger.isSettled && ledger.fault === undefined && performance.now() < until) await sleep(20);
  // A repeated message would come after the last one.
  await sleep(100);
  ledger.check();
}

/** Waits. */
export function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
