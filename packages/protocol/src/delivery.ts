import { z } from 'zod';
import { byName, defineCommand } from './command.js';
import { messageId, roomId, seq, timestamp, userId, userRef } from './fields.js';

/** The delivery of a message to one connection. */
const outcome = z
  .object({
    connection: z.string().meta({ description: "The connection's id" }),
    transport: z.string().meta({ description: 'Where it came in: `socket.io`, `websocket`, `event-stream`, `line`' }),
    since: timestamp.meta({ description: 'When it began to hear its rooms' }),
    until: timestamp.optional().meta({ description: 'When it was closed; absent while it is open' }),
    sentAt: timestamp.optional().meta({ description: 'When the message was handed to the network for it' }),
    skipped: z.enum(['behind', 'other_room']).optional().meta({
      description:
        '`behind`: it read too slowly, so live events were dropped. `other_room`: it asked for another room alone',
    }),
    toldAt: timestamp.optional().meta({ description: 'When a connection that was behind was told to read the log' }),
  })
  .meta({ id: 'DeliveryOutcome' });

/** Why a message went to no connection. */
const reason = z.enum(['offline', 'left', 'not_a_member', 'not_here', 'unknown']);

const deliveryTrace = defineCommand({
  name: 'delivery.trace',
  doc: {
    en: 'Explains why somebody did or did not get a message: to which of their connections it was sent and when, or why not, and how far they have read. For the operator only; contains no text. Deliveries are remembered for 15 minutes.',
    ko: '어떤 사람이 메시지를 받았는지, 못 받았다면 왜인지 알려 줍니다. 어느 연결에 언제 보냈고 어디까지 읽었는지 나옵니다. 운영자만 쓸 수 있고 글은 담기지 않습니다. 보낸 기록은 15분 동안 남습니다.',
  },
  input: z.strictObject({ message: messageId, user: userId }),
  output: z.object({
    message: z.object({
      id: messageId,
      room: roomId,
      seq,
      author: userRef,
      at: timestamp.meta({ description: 'When it was taken into the log' }),
      deletedAt: timestamp.optional(),
    }),
    user: userRef,
    member: z
      .object({ joinedAt: timestamp.optional(), leftAt: timestamp.optional() })
      .meta({ description: "The user's membership at the message, or the one nearest to it; empty for none at all" }),
    connections: z.array(outcome).meta({ description: 'Those that the user had when the message was handed out' }),
    reason: reason.optional().meta({
      description:
        'Why there are none. `left`: before the message. `not_a_member`: not yet, or never. `not_here`: none is known, but not every node could be asked, or remembers. `unknown`: no node remembers',
    }),
    lastSeen: timestamp.optional().meta({ description: 'When a user who is `offline` was last online' }),
    backAt: timestamp.optional().meta({ description: 'When they came back; what they missed is read from the log' }),
    read: z
      .object({ seq, at: timestamp })
      .optional()
      .meta({ description: 'How far the user has read the room, and when they came that far' }),
  }),
  permission: 'workspace.operate',
  budget: 'read',
  http: { method: 'GET', path: '/trace' },
});

export const deliveryCommands = byName(deliveryTrace);
