import type { DefaultEventsMap, Server, Socket } from 'socket.io';
import { type Chat, type Login, type Room, readChat, readLogin, readRoom } from './input.js';

/** A user who has logged in. `client` is the id of their socket, which is the address for `io.to(client)`. */
interface Person extends Login {
  client: string;
}

type Refusal = 'invalid_input' | 'not_logged_in' | 'already_logged_in' | 'no_such_client' | 'not_in_room';
type Answer = { ok: true } | { ok: false; error: Refusal };

interface SocketData {
  person?: Person;
}

type ChatServer = Server<DefaultEventsMap, DefaultEventsMap, DefaultEventsMap, SocketData>;
type ChatSocket = Socket<DefaultEventsMap, DefaultEventsMap, DefaultEventsMap, SocketData>;

const done: Answer = { ok: true };

/** Puts the chat on a Socket.IO server: events on the main namespace, counters on the namespace `/stats`. */
export function startChat(io: ChatServer): void {
  const people = new Map<string, Person>();
  const stats = startStats(io);

  io.on('connection', (socket) => {
    on(socket, 'login', (input) => {
      const login = readLogin(input);
      if (login === undefined) return refuse('invalid_input');
      if (socket.data.person !== undefined) return refuse('already_logged_in');
      const person = { ...login, client: socket.id };
      socket.data.person = person;
      people.set(socket.id, person);
      console.log(`${person.name} (${person.id}) logged in`);
      io.emit('login', person);
      io.emit('people', [...people.values()]);
      stats.update({ online: people.size });
      return done;
    });

    on(socket, 'chat', (input) => {
      const from = socket.data.person;
      const chat = readChat(input);
      if (from === undefined) return refuse('not_logged_in');
      if (chat === undefined) return refuse('invalid_input');
      const refusal = send(io, socket, from, chat);
      if (refusal !== undefined) return refuse(refusal);
      stats.update({ messages: stats.now.messages + 1 });
      return done;
    });

    on(socket, 'join', (input) => {
      const room = readRoom(input);
      if (room === undefined) return refuse('invalid_input');
      void socket.join(room);
      return done;
    });

    on(socket, 'leave', (input) => {
      const room = readRoom(input);
      if (room === undefined) return refuse('invalid_input');
      void socket.leave(room);
      return done;
    });

    // The client asks to be disconnected. It could also close the connection itself; then only `disconnect` happens.
    on(socket, 'forceDisconnect', () => {
      socket.disconnect();
      return done;
    });

    socket.on('disconnect', (reason) => {
      const person = socket.data.person;
      if (person === undefined) return;
      people.delete(socket.id);
      console.log(`${person.name} (${person.id}) left: ${reason}`);
      io.emit('logout', person);
      io.emit('people', [...people.values()]);
      stats.update({ online: people.size });
    });
  });
}

/** The ways to send, side by side. */
function send(io: ChatServer, socket: ChatSocket, from: Person, { text, to }: Chat): Refusal | undefined {
  const message = { from, text, to };
  if (to === 'everyone') io.emit('chat', message);
  else if (to === 'me') socket.emit('chat', message);
  else if (to === 'others') socket.broadcast.emit('chat', message);
  else if ('client' in to) {
    // `to()` takes rooms as well as clients, so a name that is not a client's must not get through.
    if (io.sockets.sockets.get(to.client)?.data.person === undefined) return 'no_such_client';
    io.to(to.client).emit('chat', message);
  } else {
    if (!isIn(socket, to.room)) return 'not_in_room';
    io.to(to.room).emit('chat', message);
  }
  return undefined;
}

function isIn(socket: ChatSocket, room: Room): boolean {
  return socket.rooms.has(room);
}

/** A second namespace on the same connection: whoever joins `/stats` gets the counters and nothing of the chat. */
function startStats(io: ChatServer) {
  const namespace = io.of('/stats');
  const now = { online: 0, messages: 0 };
  namespace.on('connection', (socket) => socket.emit('stats', now));
  return {
    now,
    update(change: Partial<typeof now>): void {
      Object.assign(now, change);
      namespace.emit('stats', now);
    },
  };
}

/** Listens to an event with any arguments, and answers if the client passed a function for the answer. */
function on(socket: ChatSocket, event: string, handle: (input: unknown) => Answer): void {
  socket.on(event, (...sent: unknown[]) => {
    const reply = sent.at(-1);
    const answer = handle(sent[0]);
    if (typeof reply === 'function') reply(answer);
  });
}

function refuse(error: Refusal): Answer {
  return { ok: false, error };
}
