import {
  type EditedContent,
  type EventName,
  type MemberRole,
  type MessageContent,
  noContent,
  type RoomKind,
  type UserRef,
} from '@madang/protocol';
import type { Change } from '../store/changes.js';
import type { CreatedPayload, EventFields } from '../store/payload.js';
import type { NewEvent, NewEventOf } from '../store/store.js';

/**
 * Every event that can be appended, with what it does to the tables that queries read. The first change decides
 * whether the event happens at all: if it changes nothing, nothing is appended (S3).
 */
export const newEvent = {
  messageCreated(content: MessageContent, clientId: string | undefined): NewEvent {
    return {
      name: 'message.created',
      payload: createdPayload(content, clientId),
      changes: [{ kind: 'insertMessage', content, clientId: clientId ?? null }],
    };
  },

  messageEdited(message: SentMessage, content: EditedContent, was?: string): NewEvent {
    const payload = createdPayload({ ...message.content, ...content }, message.clientId);
    return {
      name: 'message.edited',
      payload: { messageId: message.id },
      content,
      messageSeq: message.seq,
      changes: [
        { kind: 'updateMessage', message: message.seq, content, was },
        { kind: 'rewriteCreated', message: message.seq, payload, isDeleted: false },
      ],
    };
  },

  messageDeleted(message: SentMessage, author: string): NewEvent {
    const payload = createdPayload(noContent, message.clientId);
    return {
      name: 'message.deleted',
      payload: { messageId: message.id, messageSeq: message.seq, author },
      messageSeq: message.seq,
      changes: [
        { kind: 'deleteMessage', message: message.seq },
        { kind: 'deleteMessageReactions', message: message.seq },
        { kind: 'rewriteCreated', message: message.seq, payload, isDeleted: true },
      ],
    };
  },

  /** Whatever else happens to a message: the event's own fields, and the change that makes it happen. */
  ofMessage<Name extends MessageEventName>(
    name: Name,
    message: Subject,
    fields: Omit<EventFields<Name>, 'messageId'>,
    change: Change,
  ): NewEvent {
    const payload = { messageId: message.id, ...fields };
    return { name, payload, messageSeq: message.seq, changes: [change] } as NewEventOf<Name> as NewEvent;
  },

  roomCreated(room: {
    kind: RoomKind;
    name: string;
    topic: string;
    creator: string | null;
    clientId: string | null;
    uniqueKey: string | null;
  }): NewEvent {
    const { kind, ...rest } = room;
    return {
      name: 'room.created',
      payload: { kind, name: room.name, topic: room.topic },
      changes: [{ kind: 'insertRoom', roomKind: kind, ...rest }],
    };
  },

  roomUpdated(change: { name?: string | undefined; topic?: string | undefined; uniqueKey: string | null }): NewEvent {
    const { name, topic } = change;
    return {
      name: 'room.updated',
      payload: { ...(name !== undefined && { name }), ...(topic !== undefined && { topic }) },
      changes: [{ kind: 'updateRoom', name: name ?? null, topic: topic ?? null, uniqueKey: change.uniqueKey }],
    };
  },

  memberJoined(user: UserRef, role: MemberRole): NewEvent {
    return {
      name: 'member.joined',
      payload: { user, role },
      changes: [
        { kind: 'insertMember', user: user.id, role },
        { kind: 'countMembers', by: 1 },
      ],
    };
  },

  memberLeft(user: UserRef, reason: 'left' | 'removed'): NewEvent {
    return {
      name: 'member.left',
      payload: { user, reason },
      changes: [
        { kind: 'deleteMember', user: user.id },
        { kind: 'countMembers', by: -1 },
      ],
    };
  },

  memberPromoted(user: UserRef): NewEvent {
    return {
      name: 'member.updated',
      payload: { user, role: 'owner' },
      changes: [{ kind: 'updateMemberRole', user: user.id, role: 'owner' }],
    };
  },

  memberRenamed(user: UserRef, previousName: string): NewEvent {
    return {
      name: 'member.updated',
      payload: { user, previousName },
      changes: [{ kind: 'checkMember', user: user.id }],
    };
  },
};

/** Events about a message that leave its content alone. */
type MessageEventName = {
  [Name in EventName]: EventFields<Name> extends { messageId: string } ? Name : never;
}[Exclude<EventName, 'message.edited' | 'message.deleted'>];

/** The message that an event is about. */
interface Subject {
  id: string;
  seq: number;
}

/** The same, with what the log keeps of the message. */
export interface SentMessage extends Subject {
  clientId: string | undefined;
  content: MessageContent;
}

function createdPayload(content: MessageContent, clientId: string | undefined): CreatedPayload {
  // The spread comes last: V8 copies many times slower if it comes first.
  return clientId === undefined ? content : { clientId, ...content };
}
