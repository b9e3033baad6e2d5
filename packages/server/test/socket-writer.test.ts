import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { installedVersions, Internals } from '../dist/transports/internals.js';
import { SocketWriter } from '../dist/transports/socket-writer.js';

const ends: (() => void)[] = [];
afterEach(() => ends.splice(0).forEach((end) => end()));

/** The two ends of a TCP connection. */
async function connection(): Promise<{ near: Socket; far: Socket }> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const far = connect((server.address() as AddressInfo).port, '127.0.0.1');
  const [near] = (await once(server, 'connection')) as [Socket];
  ends.push(() => {
    near.destroy();
    far.destroy();
    server.close();
  });
  return { near, far };
}

const logger = { warn: () => undefined } as unknown as ConstructorParameters<typeof Internals>[0];
/** The shortcut, and the fallback for an unknown version of Node. */
const ways = {
  'past the stream': new Internals(logger),
  'through the stream': new Internals(logger, { ...installedVersions(), node: '99.0.0' }),
};
const owner = { drained: () => undefined };

/** Resolves to everything received, once that is `bytes` bytes long. */
function received(socket: Socket, bytes: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let length = 0;
  return new Promise((resolve) => {
    socket.on('data', (chunk: Buffer) => {
      chunks.push(chunk);
      length += chunk.length;
      if (length >= bytes) resolve(Buffer.concat(chunks));
    });
  });
}

test('this version of Node is one whose sockets are written to directly', async () => {
  const { near, far } = await connection();
  near.write = () => {
    throw new Error('the stream was used');
  };
  new SocketWriter(near, owner, ways['past the stream']).write(Buffer.from('hello'));
  expect((await received(far, 5)).toString()).toBe('hello');
});

test('that nothing waits any more is reported, too, if little was written while little was waiting', async () => {
  const { near, far } = await connection();
  far.pause();
  const drained = new Promise<void>((resolve) => {
    const told = { drained: () => writer.waitingBytes === 0 && resolve() };
    const writer: SocketWriter = new SocketWriter(near, told, ways['past the stream']);
    writer.write(Buffer.alloc(32 * 1024 * 1024));
    writer.write(Buffer.from('little'));
  });
  // The moment at which the first little has gone: by then the kernel accepts nothing again, and more has come.
  const write = near.write.bind(near) as (bytes: Buffer, done?: (error?: Error | null) => void) => boolean;
  near.write = ((bytes: Buffer, done?: (error?: Error | null) => void) => {
    if (bytes.length > 0 || !done) return write(bytes, done);
    near.write = write as typeof near.write;
    return write(bytes, (error) => {
      near.cork();
      near.write('more');
      done(error);
      setImmediate(() => near.uncork());
    });
  }) as typeof near.write;
  far.resume();
  await drained;
});

describe.each(Object.entries(ways))('%s', (_way, internals) => {
  test('direct writes and those through the stream keep their order, however slowly they are read', async () => {
    const { near, far } = await connection();
    far.pause();
    const writer = new SocketWriter(near, owner, internals);
    const parts = Array.from({ length: 400 }, (_each, index) => Buffer.alloc(20_000, index % 251));
    for (const [index, part] of parts.entries()) {
      if (index % 3 === 0) near.write(part);
      else writer.write(part);
      // Lets queued data out, so that a direct write is possible again.
      if (index % 50 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    const all = Buffer.concat(parts);
    const came = received(far, all.length);
    far.resume();
    expect((await came).equals(all)).toBe(true);
  });

  test('bytes that the kernel does not accept are counted, and reported once they are written', async () => {
    const { near, far } = await connection();
    far.pause();
    const large = Buffer.alloc(32 * 1024 * 1024, 7);
    const writer = new SocketWriter(near, owner, internals);
    writer.write(large);
    const waiting = writer.waitingBytes;
    expect(waiting).toBeGreaterThan(1024 * 1024);
    // A stream counts a write until all of it has been accepted.
    expect(waiting).toBeLessThanOrEqual(large.length);
    writer.write(Buffer.from('after'));
    expect(writer.waitingBytes).toBe(waiting + 5);
    const drained = once(near, 'drain');
    const came = received(far, large.length + 5);
    far.resume();
    await drained;
    expect(writer.waitingBytes).toBe(0);
    expect((await came).subarray(-5).toString()).toBe('after');
  });

  test('a closed socket accepts nothing and throws nothing', async () => {
    const { near, far } = await connection();
    near.on('error', () => undefined);
    const writer = new SocketWriter(near, owner, internals);
    const closed = new Promise((resolve) => near.once('close', resolve));
    far.resetAndDestroy();
    await closed;
    writer.write(Buffer.from('late'));
    expect(writer.waitingBytes).toBe(0);
  });
});
