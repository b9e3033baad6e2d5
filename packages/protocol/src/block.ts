import { z } from 'zod';
import { byName, defineCommand } from './command.js';
import { defineSignal } from './event.js';
import { userId, userRef } from './fields.js';

const input = z.strictObject({ user: userId });
const output = z.object({ user: userRef });

const userBlock = defineCommand({
  name: 'user.block',
  doc: {
    en: 'Blocks a user: they can no longer open a direct room with you or invite you. In your direct room with them, neither of you can write or see whether the other is typing or online. They are not told. Repeating it is not an error.',
    ko: '사용자를 차단합니다. 그 사람은 나와의 대화방을 열거나 나를 초대할 수 없고, 둘의 대화방에서는 서로 글을 쓸 수 없으며 입력 중이나 접속 상태도 보이지 않습니다. 상대에게는 알리지 않습니다. 다시 해도 오류가 아닙니다.',
  },
  input,
  output,
  permission: 'session.use',
  budget: 'write',
  http: { method: 'POST', path: '/blocks', status: 201 },
  line: {
    verb: 'block',
    args: ['user'],
    reply: (answer, language) => [language === 'ko' ? `${answer.user.name} 차단함` : `${answer.user.name} is blocked.`],
  },
});

const userUnblock = defineCommand({
  name: 'user.unblock',
  doc: {
    en: 'Unblocks a user. Repeating it is not an error.',
    ko: '차단을 풉니다. 다시 해도 오류가 아닙니다.',
  },
  input,
  output,
  permission: 'session.use',
  budget: 'write',
  http: { method: 'DELETE', path: '/blocks/:user' },
  line: {
    verb: 'unblock',
    args: ['user'],
    reply: (answer, language) => [
      language === 'ko' ? `${answer.user.name} 차단 해제함` : `${answer.user.name} is not blocked any more.`,
    ],
  },
});

const blockList = defineCommand({
  name: 'block.list',
  doc: { en: 'Lists the users you have blocked, by name.', ko: '내가 차단한 사용자를 이름순으로 보여 줍니다.' },
  input: z.strictObject({}),
  output: z.object({ users: z.array(userRef) }),
  permission: 'session.use',
  budget: 'read',
  http: { method: 'GET', path: '/blocks' },
  line: { verb: 'blocks', args: [], reply: (answer) => answer.users.map((each) => `${each.name}  ${each.id}`) },
});

const userBlocked = defineSignal(
  'user.blocked',
  { user: userRef, blocked: z.boolean().meta({ description: 'False when the block was ended' }) },
  {
    en: 'You have blocked or unblocked a user on another connection.',
    ko: '내 다른 연결에서 사용자를 차단하거나 차단을 풀었습니다.',
  },
);

export const blockCommands = byName(userBlock, userUnblock, blockList);

export const blockSignals = byName(userBlocked);
