import { WebSocketServer } from 'ws';

/** A line of text needs no more; by default `ws` would accept 100 MiB. */
const maxLineBytes = 64 * 1024;
const host = process.env['HOST'] ?? 'localhost';
const port = Number(process.env['PORT'] ?? 3000);

const server = new WebSocketServer({ host, port, maxPayload: maxLineBytes });

server.on('connection', (socket) => {
  socket.send('Welcome! This line comes from the server.');
  socket.on('message', (data) => {
    if (Buffer.isBuffer(data)) console.log('Received: %s', printable(data.toString()));
  });
  // A client that breaks the protocol loses its connection. Without this listener it would end the program.
  socket.on('error', (error) => console.log('Connection closed: %s', error.message));
});

server.on('listening', () => {
  const address = server.address();
  if (address !== null && typeof address === 'object') console.log(`Listening on ws://localhost:${address.port}`);
});

server.on('error', (error) => {
  console.error(`Cannot listen on port ${port}: ${error.message}. Set PORT to another one.`);
  process.exitCode = 1;
});

process.once('SIGINT', close);
process.once('SIGTERM', close);

/** Stops listening and says goodbye to every client; any that has not answered within a second is disconnected. */
function close(): void {
  server.close();
  for (const client of server.clients) client.close(1001, 'The server is going away');
  setTimeout(() => {
    for (const client of server.clients) client.terminate();
  }, 1000).unref();
}

/** Text from a stranger must not move the cursor or change the colours of this terminal. */
function printable(line: string): string {
  return line.replaceAll(/\p{C}/gu, '\uFFFD');
}
