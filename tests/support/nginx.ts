import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { freePort } from './start-server.ts';
import { tempFolder } from './temp-folder.ts';

const examples = fileURLToPath(new URL('../../examples/nginx/', import.meta.url));

/** A running nginx. */
export interface TestNginx extends AsyncDisposable {
  readonly url: string;
  readonly port: number;
}

/** Starts Debian's nginx in front of the given nodes, with an example's configuration. Only the ports are changed. */
export async function startNginx(
  nodePorts: readonly [number, number?],
  example: 'madang.conf' | 'prefix.conf' = 'madang.conf',
): Promise<TestNginx> {
  const folder = tempFolder();
  const port = await freePort();
  const settings = readFileSync(join(examples, example), 'utf8')
    .replace('listen 80;', `listen ${port};`)
    .replaceAll('127.0.0.1:3001', `127.0.0.1:${nodePorts[0]}`)
    .replaceAll('127.0.0.1:3002', `127.0.0.1:${nodePorts[1]}`);
  writeFileSync(join(folder.path, example), settings);
  const own = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    (name) => `${name}_temp_path ${join(folder.path, name)};`,
  );
  const main = `daemon off; pid ${join(folder.path, 'pid')}; error_log stderr warn; events { worker_connections 512; }
    ${process.getuid?.() === 0 ? 'user root;' : ''}
    http { access_log off; ${own.join(' ')} include ${join(folder.path, example)}; }`;
  writeFileSync(join(folder.path, 'nginx.conf'), main);
  mkdirSync(join(folder.path, 'logs'));
  const child = spawn('/usr/sbin/nginx', ['-p', folder.path, '-c', join(folder.path, 'nginx.conf')], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let output = '';
  child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()));
  for (let attempt = 0; !(await answers(port)); attempt += 1) {
    if (attempt > 100 || child.exitCode !== null) throw new Error(`nginx does not answer: ${output}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return {
    url: `http://127.0.0.1:${port}`,
    port,
    [Symbol.asyncDispose]: async () => {
      child.kill('SIGTERM');
      if (child.exitCode === null) await once(child, 'exit');
      folder[Symbol.dispose]();
    },
  };
}

async function answers(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1');
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}
