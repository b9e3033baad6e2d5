import { z } from 'zod';
import { byName, defineCommand } from './command.js';
import { defineSignal } from './event.js';
import { nickname, shortText, timestamp } from './fields.js';
import { sessionAbilities } from './permission.js';
import { section } from './membership.js';
import { room } from './room.js';
import { user } from './user.js';

const state = {
  user,
  rooms: z.array(room).meta({ description: "The caller's rooms, each with its `head`" }),
  sections: z.array(section).meta({ description: "The sections of the caller's list of rooms, in their order" }),
  can: sessionAbilities.meta({ description: 'What the caller may do here, whatever room it is' }),
  epoch: z.string().meta({ description: "The name of the database's unbroken history; cursors belong to one" }),
  now: timestamp.meta({ description: 'The server\'s clock in ms since 1970, for whoever shows its times as "today"' }),
};

const sessionStart = defineCommand({
  name: 'session.start',
  doc: {
    en: 'Starts a session: `name` makes a new guest, `token` resumes an existing session. The connection then belongs to that user. `conflict` if somebody present has that name, or one that looks like it.',
    ko: '세션을 시작합니다. `name`을 주면 새 손님이 되고, `token`을 주면 이어 갑니다. 접속 중인 사람이 같거나 비슷해 보이는 이름을 쓰면 `conflict`입니다.',
  },
  input: z
    .strictObject({ name: nickname.optional(), token: shortText(200).min(1).optional() })
    .refine((input) => (input.name === undefined) !== (input.token === undefined), 'needs either name or token'),
  output: z.object({ ...state, token: z.string().meta({ description: 'A secret: whoever has it is this user' }) }),
  permission: 'session.start',
  budget: 'session',
  http: { method: 'POST', path: '/session', status: 201, session: 'begins' },
});

const sessionGet = defineCommand({
  name: 'session.get',
  doc: {
    en: 'Returns your user and your rooms.',
    ko: '내가 누구이고 어느 방에 있는지 알려 줍니다.',
  },
  input: z.strictObject({}),
  output: z.object(state),
  permission: 'session.see',
  budget: 'read',
  http: { method: 'GET', path: '/session' },
  line: { verb: 'me', args: [], reply: (output) => [`${output.user.name}  ${output.user.id}`] },
});

const sessionEnd = defineCommand({
  name: 'session.end',
  doc: {
    en: "Ends your session: revokes its token and closes its connections. A guest's name becomes free again.",
    ko: '세션을 끝냅니다. 토큰은 못 쓰게 되고 연결은 닫힙니다. 손님의 이름은 다시 쓸 수 있게 됩니다.',
  },
  input: z.strictObject({}),
  output: z.object({}),
  permission: 'session.end',
  budget: 'session',
  http: { method: 'DELETE', path: '/session', session: 'ends' },
  line: { verb: 'quit', args: [] },
});

const sessionStarted = defineSignal(
  'session.started',
  { ...state, token: z.string().optional().meta({ description: 'For a guest created by the handshake' }) },
  {
    en: 'The handshake started or resumed a session. The first event on a Socket.IO connection with a token, a name or a cookie.',
    ko: '연결을 맺을 때 세션이 시작되었습니다. 토큰, 이름, 쿠키를 준 Socket.IO 연결에 맨 먼저 옵니다.',
  },
);

const sessionEnded = defineSignal(
  'session.ended',
  { reason: z.enum(['signed_out', 'revoked']) },
  { en: 'Your session is over; the connection closes.', ko: '세션이 끝났습니다. 연결이 닫힙니다.' },
);

const serverClosing = defineSignal(
  'server.closing',
  { reconnectMs: z.int().meta({ description: 'Come back after so many ms; spread over the clients' }) },
  { en: 'The server is restarting.', ko: '서버가 곧 다시 시작합니다.' },
);

export const sessionCommands = byName(sessionStart, sessionGet, sessionEnd);

export const sessionSignals = byName(sessionStarted, sessionEnded, serverClosing);
