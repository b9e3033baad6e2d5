import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** Ticks of `/proc` in a second; fixed at 100 for user space on every Linux that Node runs on. */
const TICKS_PER_SECOND = 100;

/** CPU that a process and all of its threads have used so far, user and kernel, in ms (`/proc/<pid>/stat`). */
export function processCpuMs(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  // The name in brackets may hold spaces; what follows it doesn't. Fields 14 and 15 are utime and stime.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return ((Number(fields[11]) + Number(fields[12])) * 1000) / TICKS_PER_SECOND;
}

/** Time that a core had nothing to do so far, waiting for the disk included, in ms. */
export function coreIdleMs(core: number): number {
  const line = readFileSync('/proc/stat', 'utf8')
    .split('\n')
    .find((each) => each.startsWith(`cpu${core} `));
  const fields = line?.trim().split(/\s+/) ?? [];
  return ((Number(fields[4]) + Number(fields[5])) * 1000) / TICKS_PER_SECOND;
}

/** Memory of a process in bytes: its own pages and its share of those that others use too. */
export function processMemory(pid: number): { pss: number; rss: number } {
  const rollup = readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8');
  const bytesOf = (name: string) => Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(rollup)?.[1]) * 1024;
  return { pss: bytesOf('Pss'), rss: bytesOf('Rss') };
}

/** Keeps this process, with all of its threads, on one core. */
export function pinSelf(core: number): void {
  const { status, stderr } = spawnSync('taskset', ['-a', '-c', '-p', String(core), String(process.pid)]);
  if (status !== 0) throw new Error(`taskset can't pin the load generator: ${String(stderr)}`);
}
