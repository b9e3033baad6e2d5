import { readFileSync } from 'node:fs';
import { until } from '../random.js';
import { percentile, play, say, type SceneOptions } from './stage.js';

/** How much to send past a client that does not read, in bytes of text. */
const SENT_BYTES = 24 * 1024 * 1024;

/** The size of a message, in bytes, chosen so that filling a buffer takes few commits. */
const TEXT_BYTES = 8000;

/** Sends in flight at the same time. */
const IN_FLIGHT = 16;

/** What may wait in the server: its limit, the batch that exceeded it, and one of Node's chunks. */
export const SLOW_CLIENT_BYTES = 1024 * 1024 + IN_FLIGHT * (TEXT_BYTES + 200) + 64 * 1024;

/** How long the client may take to be told, and then to catch up, in ms. */
const PATIENCE_MS = 20_000;

/** Options of the scene; shorter where the outcome is known. */
interface SlowClientOptions extends SceneOptions {
  patienceMs?: number;
  sentBytes?: number;
}

/** What a client that stopped reading cost and received. */
export interface SlowClientResult {
  history: string;
  /** Bytes sent past it while it didn't read. */
  sentBytes: number;
  /**
   * How many of those waited in the server itself: what arrived once it read again, less what the kernel had accepted.
   */
  serverBytes: number | undefined;
  /** Bytes that waited in the kernel's buffers on both ends; only Linux reports it. */
  kernelBytes: number | undefined;
  /** 99th percentile of the duration of sends while it didn't read, in ms. */
  sendP99Ms: number;
  /** Whether it was told that it is behind. */
  isTold: boolean;
  hasCaughtUp: boolean;
}

/** One client stops reading in a busy room while another reads on; then the first reads again. */
export function playSlowClient(options: SlowClientOptions): Promise<SlowClientResult> {
  const { patienceMs = PATIENCE_MS, sentBytes = SENT_BYTES } = options;
  const flags = ['--limits', 'off', '--heartbeat-ms', '600000'];
  return play('slow-client', { ...options, flags }, async ({ bring, conclude, subject }) => {
    const slow = await bring('slow');
    const reading = await bring('reading');
    const sender = await bring('sender');
    for (const client of [slow, reading, sender]) client.start();
    const clients = [slow, reading, sender];
    if (!(await until(() => clients.every((client) => client.appliedOf('lobby') > 0), 20_000))) {
      throw new Error('the clients did not connect');
    }
    const { transport } = slow;
    const readBefore = transport?.bytesRead?.() ?? 0;
    transport?.pause?.();
    const latencies: number[] = [];
    let number = 0;
    const send = async (): Promise<void> => {
      while (number * TEXT_BYTES < sentBytes) {
        number += 1;
        latencies.push(await say(sender, `past-${number}`, `past-${number} ${'x'.repeat(TEXT_BYTES)}`));
      }
    };
    await Promise.all(Array.from({ length: IN_FLIGHT }, send));
    const inKernel = kernelQueueBytes(subject.port, transport?.localPort?.() ?? 0);
    let readUntilTold = 0;
    slow.onBehind = () => (readUntilTold ||= (transport?.bytesRead?.() ?? 0) - readBefore);
    transport?.resume?.();
    const isTold = await until(() => readUntilTold > 0, patienceMs, 5);
    // A message after the pause: only now could a client that was told nothing see that something is missing.
    await say(sender, 'after', 'after');
    const hasAll = () => clients.every((client) => client.appliedOf('lobby') >= sender.appliedOf('lobby'));
    const hasCaughtUp = await until(hasAll, patienceMs);
    await conclude(clients);
    return {
      sentBytes: number * TEXT_BYTES,
      serverBytes: inKernel === undefined ? undefined : Math.max(0, readUntilTold - inKernel),
      kernelBytes: inKernel,
      sendP99Ms: percentile(latencies, 0.99),
      isTold,
      hasCaughtUp,
    };
  });
}

/** The kernel's share of a loopback connection to the client: sent but not accepted, and accepted but not read. */
function kernelQueueBytes(serverPort: number, clientPort: number): number | undefined {
  if (process.platform !== 'linux') return undefined;
  const hex = (port: number) => `:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  let bytes = 0;
  for (const file of ['/proc/net/tcp', '/proc/net/tcp6']) {
    for (const line of readFileSync(file, 'utf8').split('\n').slice(1)) {
      const [, local = '', remote = '', , queues = ''] = line.trim().split(/\s+/);
      const [sending = '0', receiving = '0'] = queues.split(':');
      if (local.endsWith(hex(serverPort)) && remote.endsWith(hex(clientPort))) bytes += Number.parseInt(sending, 16);
      if (local.endsWith(hex(clientPort)) && remote.endsWith(hex(serverPort))) bytes += Number.parseInt(receiving, 16);
    }
  }
  return bytes;
}
