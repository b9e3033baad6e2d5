import { coreRest, processCpuMs } from './cpu.ts';
import { sleep } from './drive.ts';
import type { Ledger } from './ledger.ts';
import { traffic } from './load-client.ts';
import type { Bench } from './result.ts';

/** What happened in a window of time. */
export interface Window {
  seconds: number;
  deliveries: number;
  answers: number;
  /** Bytes that the generator read, and in how many reads. */
  bytes: number;
  reads: number;
  /** CPU of the server, all threads, user and kernel. */
  serverMs: number;
  /**
   * Shares of one core, 0 to 1: the server, the generator, the server's core idle or only waiting for the disk, and
   * other programs on it.
   */
  serverBusy: number;
  generatorBusy: number;
  serverCoreIdle: number;
  serverDiskWait: number;
  othersBusy: number;
}

/** Watches a server for the duration of one measurement. */
export async function watch(server: { pid: number }, ledger: Ledger, bench: Bench): Promise<Window> {
  const take = () => ({
    at: performance.now(),
    serverMs: processCpuMs(server.pid),
    generator: process.cpuUsage(),
    ...coreRest(bench.serverCore),
    deliveries: ledger.deliveries,
    answers: ledger.answers,
    ...traffic,
  });
  const before = take();
  await sleep(bench.seconds * 1000);
  const after = take();
  const wallMs = after.at - before.at;
  const generatorUs = after.generator.user - before.generator.user + after.generator.system - before.generator.system;
  const serverMs = after.serverMs - before.serverMs;
  const share = (ms: number) => Math.min(1, Math.max(0, ms / wallMs));
  const serverCoreIdle = share(after.idleMs - before.idleMs);
  const serverDiskWait = share(after.diskMs - before.diskMs);
  const othersBusy = Math.max(0, 1 - serverCoreIdle - serverDiskWait - serverMs / wallMs);
  bench.othersBusy.push(othersBusy);
  return {
    seconds: wallMs / 1000,
    deliveries: after.deliveries - before.deliveries,
    answers: after.answers - before.answers,
    bytes: after.bytes - before.bytes,
    reads: after.reads - before.reads,
    serverMs,
    serverBusy: serverMs / wallMs,
    generatorBusy: generatorUs / 1000 / wallMs,
    serverCoreIdle,
    serverDiskWait,
    othersBusy,
  };
}
