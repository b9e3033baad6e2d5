import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { Inbox } from './inbox.ts';

/** A frame as received: its opcode and its payload. */
export interface Frame {
  opcode: number;
  payload: Buffer;
  /** Whether RSV1 is set, which marks a message compressed by permessage-deflate. */
  isCompressed: boolean;
}

/** A WebSocket by hand (RFC 6455), for input that no library would send. */
export interface RawWebSocket extends AsyncDisposable {
  readonly socket: Socket;
  readonly frames: Inbox<Frame>;
  /** The extensions that the server accepted, as it wrote them. */
  readonly extensions: string;
  /** The texts of uncompressed text frames, as received. */
  readonly texts: Inbox<string>;
  /** The code of the close frame, or 0 if the TCP connection ended without one. */
  readonly closeCode: Promise<number>;
  /** Sends a frame; by default `text` goes out whole and masked. */
  send(text: string | Buffer, frame?: { opcode?: number; fin?: boolean; rsv?: number; masked?: boolean }): void;
}

/** Opens a WebSocket at a path, with additional headers. */
export async function openRawWebSocket(port: number, path: string, headers: string[] = []): Promise<RawWebSocket> {
  const socket = connect(port, 'localhost');
  await once(socket, 'connect');
  const request = [
    `GET ${path} HTTP/1.1`,
    `Host: localhost:${port}`,
    'Connection: Upgrade',
    'Upgrade: websocket',
    'Sec-WebSocket-Version: 13',
    'Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==',
    ...headers,
  ];
  socket.on('error', () => socket.destroy());
  const frames = new Inbox<Frame>();
  const texts = new Inbox<string>();
  const closeCode = new Promise<number>((resolve) => {
    frames
      .first(({ opcode }) => opcode === 8, 60_000)
      .then(({ payload }) => resolve(payload.length < 2 ? 1005 : payload.readUInt16BE(0)))
      .catch(() => undefined);
    socket.once('close', () => resolve(0));
  });
  let rest: Buffer = Buffer.alloc(0);
  let extensions = '';
  let isOpen = false;
  const opened = new Promise<void>((resolve, reject) => {
    socket.on('data', (chunk: Buffer) => {
      rest = Buffer.concat([rest, chunk]);
      if (!isOpen) {
        const end = rest.indexOf('\r\n\r\n');
        if (end < 0) return;
        const head = rest.toString('latin1', 0, end);
        if (!head.startsWith('HTTP/1.1 101')) return reject(new Error(head.split('\r\n')[0]));
        isOpen = true;
        extensions = /^sec-websocket-extensions: (.*)$/im.exec(head)?.[1] ?? '';
        rest = rest.subarray(end + 4);
        resolve();
      }
      rest = takeFrames(rest, (frame) => {
        frames.push(frame);
        if (frame.opcode === 1 && !frame.isCompressed) texts.push(frame.payload.toString());
      });
    });
    socket.once('close', () => reject(new Error('closed before the handshake was answered')));
  });
  socket.write(`${request.join('\r\n')}\r\n\r\n`);
  await opened;
  return {
    socket,
    frames,
    extensions,
    texts,
    closeCode,
    send: (text, frame = {}) => socket.write(encodeFrame(Buffer.from(text as string), frame)),
    [Symbol.asyncDispose]: async () => {
      socket.destroy();
      await closeCode;
    },
  };
}

/** A client's frame. Its mask is zero, which is a valid mask. */
export function encodeFrame(
  payload: Buffer,
  {
    opcode = 1,
    fin = true,
    rsv = 0,
    masked = true,
  }: { opcode?: number; fin?: boolean; rsv?: number; masked?: boolean },
): Buffer {
  const first = (fin ? 0x80 : 0) | (rsv << 4) | opcode;
  const mask = masked ? 0x80 : 0;
  const header = Buffer.alloc(payload.length < 126 ? 2 : payload.length < 65_536 ? 4 : 10);
  header[0] = first;
  if (header.length === 2) header[1] = mask | payload.length;
  if (header.length === 4) header.writeUInt16BE(payload.length, 2);
  if (header.length === 10) header.writeBigUInt64BE(BigInt(payload.length), 2);
  if (header.length > 2) header[1] = mask | (header.length === 4 ? 126 : 127);
  return Buffer.concat(masked ? [header, Buffer.alloc(4), payload] : [header, payload]);
}

/** Takes complete frames off the front, and returns the rest. */
function takeFrames(bytes: Buffer, onFrame: (frame: Frame) => void): Buffer {
  let at = 0;
  while (bytes.length >= at + 2) {
    const short = (bytes[at + 1] as number) & 0x7f;
    const header = short === 126 ? 4 : short === 127 ? 10 : 2;
    if (bytes.length < at + header) break;
    const long = short === 126 ? bytes.readUInt16BE(at + 2) : short;
    const length = short === 127 ? Number(bytes.readBigUInt64BE(at + 2)) : long;
    if (bytes.length < at + header + length) break;
    const payload = bytes.subarray(at + header, at + header + length);
    const first = bytes[at] as number;
    onFrame({ opcode: first & 0x0f, payload, isCompressed: (first & 0x40) !== 0 });
    at += header + length;
  }
  return bytes.subarray(at);
}
