/** Bare `ws`: whatever a client sends goes to its room. */
import { type WebSocket, WebSocketServer } from 'ws';

const rooms = new Map<string, Set<WebSocket>>();
const server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
server.on('connection', (socket, request) => {
  const name = new URL(request.url ?? '/', 'http://peer').searchParams.get('room') ?? '';
  const room = rooms.get(name) ?? new Set();
  rooms.set(name, room);
  room.add(socket);
  socket.on('message', (data, isBinary) => {
    for (const each of room) each.send(data, { binary: isBinary });
  });
  socket.on('close', () => room.delete(socket));
});
server.on('listening', () => {
  const address = server.address();
  if (typeof address === 'object') process.stdout.write(`listening ${address?.port}\n`);
});
