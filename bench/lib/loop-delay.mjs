// Loaded into Node servers with --import: measures the event loop's delay, collects garbage and writes heap snapshots,
// when the benchmark asks over IPC. With BENCH_PROFILE=<folder> it also writes a CPU profile of the main thread for the
// same time. Plain JavaScript, so that the server needs no loader.
import { writeFileSync } from 'node:fs';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { writeHeapSnapshot } from 'node:v8';

/** Sampling interval of the loop, in ms; anything beyond it is delay. */
const RESOLUTION = 5;

const delay = monitorEventLoopDelay({ resolution: RESOLUTION });
const toMs = (ns) => Math.max(0, ns / 1e6 - RESOLUTION);
const profiler = process.env.BENCH_PROFILE && (await startProfiler());

process.on('message', (asked) => {
  if (asked === 'watch') {
    delay.reset();
    delay.enable();
    profiler?.post('Profiler.start');
  } else if (asked === 'read') {
    delay.disable();
    profiler?.post('Profiler.stop', (_error, { profile }) => {
      writeFileSync(`${process.env.BENCH_PROFILE}/${process.pid}.cpuprofile`, JSON.stringify(profile));
    });
    const p50 = toMs(delay.percentile(50));
    const p99 = toMs(delay.percentile(99));
    process.send({ p50, p99, max: toMs(delay.max), samples: delay.count });
  } else if (asked === 'collect') {
    globalThis.gc?.();
    const { heapUsed, heapTotal, external } = process.memoryUsage();
    process.send({ held: heapUsed + external, emptyPages: heapTotal - heapUsed });
  } else if (asked.startsWith('snapshot ')) {
    globalThis.gc?.();
    process.send(writeHeapSnapshot(asked.slice('snapshot '.length)));
  }
});
process.channel?.unref();

async function startProfiler() {
  const { Session } = await import('node:inspector');
  const session = new Session();
  session.connect();
  session.post('Profiler.enable');
  session.post('Profiler.setSamplingInterval', { interval: 500 });
  return session;
}
