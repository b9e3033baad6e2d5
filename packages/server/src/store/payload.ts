import type { EventName, EventOf, MessageContent } from '@madang/protocol';

/** The fields that every event has; the log keeps them in columns. */
type Place = 'room' | 'seq' | 'at' | 'actor';

/** What the log keeps of a new message: its current content. */
export type CreatedPayload = MessageContent & Pick<EventOf<'message.created'>['message'], 'clientId' | 'deletedAt'>;

/** An event's own fields. */
export type EventFields<Name extends EventName> = Omit<EventOf<Name>, Place>;

/** What the log keeps of each event's own fields: all of them, except that an edit's content is kept only in its message. */
export type PayloadOf<Name extends EventName> = Name extends 'message.created'
  ? CreatedPayload
  : Name extends 'message.edited'
    ? Pick<EventOf<Name>, 'messageId'>
    : EventFields<Name>;
