import { createServer } from 'node:http';
import { fileURLToPath } from 'node:url';
import express from 'express';
import { Server } from 'socket.io';
import { startChat } from './chat.js';

const host = process.env['HOST'] ?? 'localhost';
const port = Number(process.env['PORT'] ?? 3000);

const app = express();
app.disable('x-powered-by');
app.use(express.static(fileURLToPath(new URL('page', import.meta.url))));

const server = createServer(app);
// Socket.IO itself serves its client script, under /socket.io/.
const io = new Server(server, { maxHttpBufferSize: 16 * 1024 });
startChat(io);

server.on('error', (error) => {
  console.error(`Cannot listen on port ${port}: ${error.message}. Set PORT to another one.`);
  process.exitCode = 1;
});

server.listen(port, host, () => {
  const address = server.address();
  if (address !== null && typeof address === 'object') console.log(`Listening on http://localhost:${address.port}`);
});

process.once('SIGINT', close);
process.once('SIGTERM', close);

/** Disconnects everybody and stops listening; `io` closes the HTTP server too. */
function close(): void {
  void io.close();
  server.closeAllConnections();
}
