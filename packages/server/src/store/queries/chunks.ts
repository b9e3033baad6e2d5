/** Values in one `IN (…)`: the engines bind only some ten thousand per statement. */
const CHUNK = 5000;

/** Runs a statement over many values, a few thousand at a time. */
export async function inChunks<Value>(values: Value[], run: (chunk: Value[]) => Promise<unknown>): Promise<void> {
  for (let start = 0; start < values.length; start += CHUNK) await run(values.slice(start, start + CHUNK));
}
