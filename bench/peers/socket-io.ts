/**
 * Bare Socket.IO: whatever a client sends goes to its room. With `BENCH_DATABASE`, each message is first written as a
 * row of a SQLite database, on disk before it is acknowledged or shown (WAL, synchronous=FULL, as in Madang).
 */
import Database from 'better-sqlite3';
import { createServer } from 'node:http';
import { Server } from 'socket.io';

const file = process.env['BENCH_DATABASE'];
const store = file === undefined ? () => undefined : openStore(file);
const http = createServer();
const io = new Server(http, { serveClient: false });

io.on('connection', (socket) => {
  const room = String(socket.handshake.query['room']);
  void socket.join(room);
  socket.on('message', (text: string, acknowledge?: () => void) => {
    store(room, socket.id, text);
    io.to(room).emit('message', text);
    acknowledge?.();
  });
});
http.listen(0, '127.0.0.1', () => {
  const address = http.address();
  if (typeof address === 'object') process.stdout.write(`listening ${address?.port}\n`);
});

function openStore(path: string): (room: string, author: string, text: string) => void {
  const database = new Database(path);
  database.pragma('journal_mode = WAL');
  database.pragma('synchronous = FULL');
  database.exec('CREATE TABLE messages (id INTEGER PRIMARY KEY, room TEXT, author TEXT, text TEXT, at INTEGER)');
  const insert = database.prepare('INSERT INTO messages (room, author, text, at) VALUES (?, ?, ?, ?)');
  return (room, author, text) => {
    insert.run(room, author, text, Date.now());
  };
}
