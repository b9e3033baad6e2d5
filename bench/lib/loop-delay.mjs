// Loaded into Node servers with --import: measures the event loop's delay, and collects garbage, when the benchmark asks
// over IPC. Plain JavaScript, so that the server needs no loader.
import { monitorEventLoopDelay } from 'node:perf_hooks';

/** How often the loop is looked at, in ms; what a sample has beyond it is delay. */
const RESOLUTION = 5;

const delay = monitorEventLoopDelay({ resolution: RESOLUTION });
const toMs = (ns) => Math.max(0, ns / 1e6 - RESOLUTION);

process.on('message', (asked) => {
  if (asked === 'watch') {
    delay.reset();
    delay.enable();
  } else if (asked === 'read') {
    delay.disable();
    const p50 = toMs(delay.percentile(50));
    const p99 = toMs(delay.percentile(99));
    process.send({ p50, p99, max: toMs(delay.max), samples: delay.count });
  } else if (asked === 'collect') {
    globalThis.gc?.();
    process.send({ collected: true });
  }
});
process.channel?.unref();
