import type { IncomingMessage } from 'node:http';
import { type Express, type Request, type Response } from 'express';
import type { Server } from 'socket.io';
import type { WebSocket } from 'ws';
import type { Message, Run } from './run.js';

/** Finds the run that a request belongs to, by its `run` parameter. */
export type FindRun = (url: string) => Run | undefined;

/** How long a long poll is held if nothing happens, in ms; proxies tend to give up after 30 to 60 seconds. */
const longPollMs = 25_000;
/** A client that reads too slowly is disconnected once this much waits for it, in bytes. */
const maxQueuedBytes = 1024 * 1024;

/** (a) The client asks at an interval, and is answered at once, often with nothing. */
export function addShortPolling(app: Express, findRun: FindRun): void {
  app.get('/short-polling', (request, response) => {
    const run = findRun(request.url);
    if (run === undefined) notFound(response);
    else answer(response, run.after(afterOf(request)));
  });
}

/** (b) The client asks, and the server holds the request until it has something to say. */
export function addLongPolling(app: Express, findRun: FindRun): void {
  app.get('/long-polling', (request, response) => {
    const run = findRun(request.url);
    if (run === undefined) {
      notFound(response);
      return;
    }
    const missed = run.after(afterOf(request));
    if (missed.length > 0) {
      answer(response, missed);
      return;
    }
    const unsubscribe = run.subscribe(
      (message) => finish([message]),
      () => finish([]),
    );
    const timer = setTimeout(finish, longPollMs, []);
    response.once('close', stop);

    function stop(): void {
      clearTimeout(timer);
      unsubscribe();
    }

    function finish(messages: Message[]): void {
      stop();
      answer(response, messages);
    }
  });
}

/** (c) One request, and an answer that doesn't end: each message is another piece of it. */
export function addServerSentEvents(app: Express, findRun: FindRun): void {
  app.get('/server-sent-events', (request, response) => {
    const run = findRun(request.url);
    if (run === undefined) {
      notFound(response);
      return;
    }
    response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
    response.flushHeaders();
    // A browser that reconnects says on its own what it received last.
    const last = Number(request.get('last-event-id') ?? 0);
    for (const message of run.after(last)) write(message);
    const unsubscribe = run.subscribe(write, () => response.end());
    response.once('close', unsubscribe);

    function write(message: Message): void {
      response.write(`id: ${message.n}\ndata: ${JSON.stringify(message)}\n\n`);
      if (response.writableLength > maxQueuedBytes) response.destroy();
    }
  });
}

/** (d) One request, upgraded to a connection on which both sides send whenever they like. */
export function serveWebSocket(socket: WebSocket, run: Run): void {
  for (const message of run.after(0)) send(message);
  const unsubscribe = run.subscribe(send, () => socket.close(1001));
  socket.once('close', unsubscribe);

  function send(message: Message): void {
    socket.send(JSON.stringify(message));
    if (socket.bufferedAmount > maxQueuedBytes) socket.terminate();
  }
}

/** (e) Socket.IO: begins with HTTP long polling, upgrades to WebSocket if that works, and adds heartbeats. */
export function addSocketIo(io: Server, findRun: FindRun): void {
  io.on('connection', (socket) => {
    const request: IncomingMessage = socket.request;
    const run = findRun(request.url ?? '');
    if (run === undefined) {
      socket.disconnect(true);
      return;
    }
    for (const message of run.after(0)) socket.emit('message', message);
    const unsubscribe = run.subscribe(
      (message) => socket.emit('message', message),
      () => socket.disconnect(true),
    );
    socket.once('disconnect', unsubscribe);
  });
}

function afterOf(request: Request): number {
  const after = Number(request.query['after'] ?? 0);
  return Number.isFinite(after) ? after : 0;
}

function answer(response: Response, messages: Message[]): void {
  if (response.writableEnded || response.destroyed) return;
  response.set('cache-control', 'no-store').json(messages);
}

function notFound(response: Response): void {
  response.status(404).json({ error: 'There is no such run; it ends when its page closes.' });
}
