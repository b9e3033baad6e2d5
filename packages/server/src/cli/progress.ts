/** Width of the bar in cells. */
const WIDTH = 30;

/** The progress of something. */
export interface Step {
  phase: string;
  /** The part in progress, if there is more to say. */
  of?: string;
  /** From 0 to 1. */
  share: number;
}

/** Shows progress: as a bar on a terminal, elsewhere as a line for every tenth. */
export function progressOn(stream: NodeJS.WriteStream): (step: Step) => void {
  return stream.isTTY ? drawBar(stream) : writeTenths(stream);
}

function drawBar(stream: NodeJS.WriteStream): (step: Step) => void {
  return ({ phase, of = '', share }) => {
    const bar = '█'.repeat(Math.floor(bounded(share) * WIDTH)).padEnd(WIDTH, '░');
    stream.write(`\r\u001b[K${bar} ${percent(bounded(share))} ${phase} ${of}`);
  };
}

function writeTenths(stream: NodeJS.WriteStream): (step: Step) => void {
  let last = '';
  return ({ phase, share }) => {
    const line = `${phase}: ${percent(Math.floor(bounded(share) * 10) / 10)}\n`;
    if (line !== last) stream.write(line);
    last = line;
  };
}

function bounded(share: number): number {
  return Math.min(1, share);
}

function percent(share: number): string {
  return `${Math.floor(share * 100)} %`;
}
