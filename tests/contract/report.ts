import { ms, type SlowClientResult } from '@madang/verify';
import type { FastClientResult } from './scenes/fast-client.ts';
import type { StormResult } from './storm.ts';

/** A line about the client that stopped reading. */
export function slowClientLine(result: SlowClientResult): string {
  const { sentBytes, serverBytes, kernelBytes, sendP99Ms, isTold, hasCaughtUp } = result;
  const end = `${isTold ? 'told' : 'NOT TOLD'}, ${hasCaughtUp ? 'caught up' : 'NOT CAUGHT UP'}`;
  return `slow client: ${sentBytes} bytes were sent past it, ${serverBytes ?? '?'} waited in the server (and ${kernelBytes ?? '?'} in the kernel), ${end}; others' sends p99 ${ms(sendP99Ms)}`;
}

/** A line about the client that sends as fast as it can. */
export function fastClientLine(result: FastClientResult): string {
  const { attempts, acknowledged, rateLimited, othersP99Ms } = result;
  return `fast client: ${attempts} sends, ${acknowledged} acknowledged, ${rateLimited} rate limited; another's sends p99 ${ms(othersP99Ms)}`;
}

/** A line about the storm. */
export function stormLine(result: StormResult): string {
  const { clients, restartMs, caughtUpMs, slowestSendMs, haveAllCaughtUp } = result;
  const end = haveAllCaughtUp ? `all caught up after ${ms(caughtUpMs)}` : 'NOT ALL CAUGHT UP';
  return `storm: ${clients} clients back within one second of each other, open again after ${ms(restartMs)}, ${end}; slowest send meanwhile ${ms(slowestSendMs)}`;
}
