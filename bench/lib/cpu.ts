import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';

/** Ticks of `/proc` per second; fixed at 100 for user space on every Linux that Node runs on. */
const TICKS_PER_SECOND = 100;

/** CPU that a process and all of its threads have used so far, user and kernel, in ms (`/proc/<pid>/stat`). */
export function processCpuMs(pid: number): number {
  const fields = statFields(pid);
  // Fields 14 and 15: utime and stime.
  return ((Number(fields[11]) + Number(fields[12])) * 1000) / TICKS_PER_SECOND;
}

/**
 * CPU of a process and the processes it started, ended ones included, in ms. For running ones it comes from the
 * scheduler's own accounts (`schedstat`), which are more precise than whole ticks.
 */
export function familyCpuMs(pid: number): number {
  const fields = statFields(pid);
  const ended = ((Number(fields[13]) + Number(fields[14])) * 1000) / TICKS_PER_SECOND;
  const family = [pid, ...childrenOf(pid)];
  return family.reduce((sum, each) => sum + runMs(each), ended);
}

/** CPU time of all threads of a process, in ms; 0 for one that has just ended. */
function runMs(pid: number): number {
  try {
    const threads = readdirSync(`/proc/${pid}/task`);
    const ns = threads.map((thread) =>
      Number(readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'utf8').split(' ')[0]),
    );
    return ns.reduce((sum, each) => sum + each, 0) / 1e6;
  } catch {
    return 0;
  }
}

function childrenOf(parent: number): number[] {
  const pids = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number);
  return pids.filter((pid) => {
    try {
      return Number(statFields(pid)[1]) === parent;
    } catch {
      return false;
    }
  });
}

/**
 * The fields of `/proc/<pid>/stat` after the name in brackets, which may contain spaces; its third field is the first
 * here.
 */
function statFields(pid: number): string[] {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ');
}

/** Time so far in which a core was idle, and in which it only waited for the disk, in ms. */
export function coreRest(core: number): { idleMs: number; diskMs: number } {
  const line = readFileSync('/proc/stat', 'utf8')
    .split('\n')
    .find((each) => each.startsWith(`cpu${core} `));
  const fields = line?.trim().split(/\s+/) ?? [];
  const ms = (field: number) => (Number(fields[field]) * 1000) / TICKS_PER_SECOND;
  return { idleMs: ms(4), diskMs: ms(5) };
}

/** A process's memory in bytes: its own pages and its share of those that others use too. */
export function processMemory(pid: number): { pss: number; rss: number } {
  const rollup = readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8');
  const bytesOf = (name: string) => Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(rollup)?.[1]) * 1024;
  return { pss: bytesOf('Pss'), rss: bytesOf('Rss') };
}

/** Pins this process, with all of its threads, to one core. */
export function pinSelf(core: number): void {
  const { status, stderr } = spawnSync('taskset', ['-a', '-c', '-p', String(core), String(process.pid)]);
  if (status !== 0) throw new Error(`taskset can't pin the load generator: ${String(stderr)}`);
}
