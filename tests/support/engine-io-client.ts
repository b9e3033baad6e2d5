import { openRawWebSocket, type RawWebSocket } from './raw-web-socket.ts';

/** Opens Engine.IO's WebSocket transport by hand, and the namespace `/` on it unless told otherwise. */
export async function openEngineIo(port: number, options: { isConnected?: boolean } = {}): Promise<RawWebSocket> {
  const client = await openRawWebSocket(port, '/socket.io/?EIO=4&transport=websocket');
  await client.texts.first((text) => text.startsWith('0{'));
  if (options.isConnected ?? true) {
    client.send('40');
    await client.texts.first((text) => text.startsWith('40{'));
  }
  return client;
}
