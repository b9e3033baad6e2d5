import { z } from 'zod';
import { byName, defineCommand } from './command.js';
import { nickname, timestamp, userId } from './fields.js';

/**
 * A caller. A guest gave a nickname; a `host` user comes from the app that Madang is mounted in. The `operator` runs
 * the server, is a member nowhere and visible to nobody.
 */
export const user = z
  .object({ id: userId, name: z.string(), kind: z.enum(['guest', 'host', 'operator']), createdAt: timestamp })
  .meta({ id: 'User' });

/** A caller. */
export type User = z.infer<typeof user>;

const userUpdate = defineCommand({
  name: 'user.update',
  doc: {
    en: 'Changes your nickname. `conflict` if somebody present has it, or one that looks like it.',
    ko: '닉네임을 바꿉니다. 접속 중인 사람이 같거나 비슷해 보이는 이름을 쓰면 `conflict`입니다.',
  },
  input: z.strictObject({ name: nickname }),
  output: z.object({ user }),
  permission: 'user.rename',
  budget: 'session',
  http: { method: 'PATCH', path: '/user' },
  line: {
    verb: 'nick',
    args: ['name'],
    reply: (output, language) => [
      language === 'ko' ? `이제 ${output.user.name} 이름으로 보입니다.` : `You are now known as ${output.user.name}.`,
    ],
  },
});

export const userCommands = byName(userUpdate);
