import { connect } from 'node:net';

/** What Redis has counted since its start. */
export interface RedisCounts {
  /** Bytes received from the nodes, and sent to them. */
  bytesIn: number;
  bytesOut: number;
  publishes: number;
  commands: number;
}

/** The memory that a Redis currently uses, in bytes. */
export async function redisMemory(port: number): Promise<number> {
  return Number(/^used_memory:(\d+)/m.exec(await read(port))?.[1] ?? 0);
}

/** Reads a Redis's counts. */
export async function redisCounts(port: number): Promise<RedisCounts> {
  const info = await read(port);
  const numberOf = (pattern: RegExp) => Number(pattern.exec(info)?.[1] ?? 0);
  return {
    bytesIn: numberOf(/^total_net_input_bytes:(\d+)/m),
    bytesOut: numberOf(/^total_net_output_bytes:(\d+)/m),
    publishes: numberOf(/^cmdstat_publish:calls=(\d+)/m),
    commands: numberOf(/^total_commands_processed:(\d+)/m),
  };
}

/** The answer to INFO, a bulk string: its length on a line of its own, then the text. */
function read(port: number): Promise<string> {
  return new Promise((resolve, reject) => {
    let answer = '';
    const socket = connect(port, '127.0.0.1', () => socket.write('INFO everything\r\n'));
    socket.on('error', reject);
    socket.on('data', (chunk: Buffer) => {
      answer += chunk.toString('latin1');
      const head = /^\$(\d+)\r\n/.exec(answer);
      if (!head || answer.length < head[0].length + Number(head[1])) return;
      socket.destroy();
      resolve(answer.slice(head[0].length));
    });
  });
}
