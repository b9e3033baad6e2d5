import { io } from 'socket.io-client';
import {
  type Answer,
  ANSWER_MS,
  type Transport,
  type TransportHooks,
  type TransportTarget,
  OPEN_MS,
  type OpenTransport,
} from './transport.js';

/** The Socket.IO transport over WebSocket or polling, with the stock client, without its own reconnection. */
export function openSocketIo(transport: 'websocket' | 'polling'): OpenTransport {
  return (target, hooks) => open(transport, target, hooks);
}

function open(transport: 'websocket' | 'polling', target: TransportTarget, hooks: TransportHooks): Promise<Transport> {
  const socket = io(target.url, {
    transports: [transport],
    upgrade: false,
    auth: { token: target.token },
    reconnection: false,
    forceNew: true,
    timeout: OPEN_MS,
  });
  socket.onAny((name: string, body: Record<string, unknown>) => hooks.heard(name, body));
  const calls = new Set<(answer: Answer) => void>();
  return new Promise((resolve, reject) => {
    const { engine } = socket.io;
    const fail = (error: Error) => {
      clearTimeout(timer);
      socket.disconnect();
      reject(error);
    };
    // The stock client says nothing of an engine that closes before the namespace is open.
    const closedEarly = () => fail(new Error('closed while it was opened'));
    engine.on('close', closedEarly);
    const timer = setTimeout(() => fail(new Error('not opened in time')), OPEN_MS);
    socket.on('connect_error', fail);
    socket.on('disconnect', () => {
      for (const settle of calls) settle({ lost: 'the connection closed' });
      calls.clear();
      socket.close();
      hooks.closed();
    });
    socket.on('connect', () => {
      clearTimeout(timer);
      engine.off('close', closedEarly);
      resolve({
        call: (name, input) =>
          new Promise<Answer>((settle) => {
            const once = (answer: Answer) => {
              clearTimeout(deadline);
              calls.delete(once);
              settle(answer);
            };
            const deadline = setTimeout(() => once({ lost: 'no answer in time' }), ANSWER_MS);
            calls.add(once);
            socket.emit(name, input, (answer: Answer) => once(answer));
          }),
        close: () => socket.disconnect(),
      });
    });
  });
}
