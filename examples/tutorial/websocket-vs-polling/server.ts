import { createServer } from 'node:http';
import { fileURLToPath } from 'node:url';
import express from 'express';
import { Server as SocketIoServer } from 'socket.io';
import { type WebSocket, WebSocketServer } from 'ws';
import { serveControl } from './control.js';
import { type Account, Ledger, openAccount } from './ledger.js';
import { Run, transports } from './run.js';
import { addLongPolling, addServerSentEvents, addShortPolling, addSocketIo, serveWebSocket } from './transports.js';

const host = process.env['HOST'] ?? 'localhost';
const port = Number(process.env['PORT'] ?? 3000);
const maxRuns = 50;

const runs = new Map<string, Run>();
/** The account for what belongs to no transport: the page itself, and its control connection. */
const other = openAccount();

const app = express();
app.disable('x-powered-by');
// A poll asks what is new; an ETag would only add bytes to it.
app.disable('etag');
addShortPolling(app, findRun);
addLongPolling(app, findRun);
addServerSentEvents(app, findRun);
app.use(express.static(fileURLToPath(new URL('page', import.meta.url))));

const server = createServer(app);
const io = new SocketIoServer(server, { maxHttpBufferSize: 4096, destroyUpgrade: false });
addSocketIo(io, findRun);
const webSockets = new WebSocketServer({ noServer: true, maxPayload: 4096 });
const ledger = new Ledger(server, accountOf);

server.on('upgrade', (request, socket, head) => {
  const url = request.url ?? '';
  const { pathname } = parse(url);
  if (pathname.startsWith('/socket.io/')) return;
  const run = pathname === '/websocket' ? findRun(url) : undefined;
  const isControl = pathname === '/control' && runs.size < maxRuns;
  if (run === undefined && !isControl) {
    socket.on('error', () => socket.destroy());
    socket.end('HTTP/1.1 404 Not Found\r\nConnection: close\r\n\r\n');
    return;
  }
  webSockets.handleUpgrade(request, socket, head, (webSocket) => {
    webSocket.on('error', () => webSocket.terminate());
    if (run === undefined) controlNewRun(webSocket);
    else serveWebSocket(webSocket, run);
  });
});

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

function controlNewRun(webSocket: WebSocket): void {
  const run = new Run();
  runs.set(run.id, run);
  serveControl(webSocket, run, ledger);
  webSocket.once('close', () => {
    run.close();
    runs.delete(run.id);
  });
}

function findRun(url: string): Run | undefined {
  return runs.get(parse(url).searchParams.get('run') ?? '');
}

function accountOf(url: string): Account {
  const path = parse(url).pathname.split('/')[1];
  const transport = transports.find((name) => name === path);
  return (transport && findRun(url)?.accounts[transport]) ?? other;
}

/** A request's target can be anything, such as `//`, which is no URL. That one is simply not found. */
function parse(url: string): URL {
  return URL.canParse(url, 'http://localhost') ? new URL(url, 'http://localhost') : new URL('http://localhost');
}

function close(): void {
  for (const run of runs.values()) run.close();
  for (const client of webSockets.clients) client.terminate();
  void io.close();
  server.closeAllConnections();
}
