import type { WebSocket } from 'ws';
import type { Ledger } from './ledger.js';
import type { Run } from './run.js';

const statsEveryMs = 250;

/** What the page asks for over its control connection. */
type Order = { type: 'start' } | { type: 'pause' } | { type: 'rate'; rate: number } | { type: 'clock'; sent: number };

/**
 * The page's control connection: it starts, pauses and measures a run, and tells the server's clock. It is a separate
 * connection, so that no transport is charged for it. The run ends with it.
 */
export function serveControl(socket: WebSocket, run: Run, ledger: Ledger): void {
  const timer = setInterval(sendStats, statsEveryMs);
  send({ type: 'run', id: run.id });

  socket.on('message', (data) => {
    const order = Buffer.isBuffer(data) ? readOrder(data.toString()) : undefined;
    if (order === undefined) socket.close(1008, 'Not an order');
    else if (order.type === 'start') run.start();
    else if (order.type === 'rate') run.setRate(order.rate);
    else if (order.type === 'clock') send({ type: 'clock', sent: order.sent, server: performance.now() });
    else {
      run.pause();
      send({ type: 'paused', last: run.last });
    }
  });
  socket.once('close', () => clearInterval(timer));

  function sendStats(): void {
    if (socket.bufferedAmount > 0) return;
    ledger.settle();
    send({ type: 'stats', accounts: run.accounts });
  }

  function send(value: unknown): void {
    socket.send(JSON.stringify(value));
  }
}

function readOrder(text: string): Order | undefined {
  let order: unknown;
  try {
    order = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (typeof order !== 'object' || order === null || !('type' in order)) return undefined;
  if (order.type === 'start' || order.type === 'pause') return { type: order.type };
  if (order.type === 'rate' && 'rate' in order && isNumber(order.rate)) return { type: 'rate', rate: order.rate };
  if (order.type === 'clock' && 'sent' in order && isNumber(order.sent)) return { type: 'clock', sent: order.sent };
  return undefined;
}

function isNumber(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value);
}
