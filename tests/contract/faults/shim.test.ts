import { spawnSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { tempFolder } from '../../support/temp-folder.ts';
import { compileShim, createShim } from './shim.ts';

/*
 * The shim must break nothing but what it is told to. Node closes a file without the `close` of libc, so the shim does not
 * see it, and the next socket gets the file's number.
 */

/** Opens and closes more files than the sockets that follow can have numbers, then sends a word over each socket. */
const filesThenSockets = `
  const { closeSync, openSync, writeSync } = require('node:fs');
  const net = require('node:net');
  const files = Array.from({ length: 20 }, (_, number) => openSync(process.argv[1] + '/' + number, 'w'));
  for (const file of files) writeSync(file, 'x');
  for (const file of files) closeSync(file);
  const server = net.createServer((socket) => socket.on('data', (data) => socket.end(data))).listen(0, () => {
    let heard = '';
    const socket = net.connect(server.address().port).on('data', (data) => (heard += data));
    socket.on('error', (error) => (heard += error.code));
    socket.on('close', () => server.close(() => console.log(heard)));
    socket.write('word');
  });
`;

test('a socket that gets the number of a closed file is not taken for the file', () => {
  using folder = tempFolder();
  const data = join(folder.path, 'data');
  mkdirSync(data);
  const shim = createShim(compileShim(folder.path), join(folder.path, 'control'), data);
  const env = { ...process.env, ...shim.env };
  const { stdout, stderr } = spawnSync(process.execPath, ['-e', filesThenSockets, data], { env, encoding: 'utf8' });
  const refused = shim.get('outRefused');
  shim.close();
  expect({ heard: stdout.trim(), stderr, refused }).toEqual({ heard: 'word', stderr: '', refused: 0 });
});
