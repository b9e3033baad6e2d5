import { type LoggedEvent, type Message, wholeMessage } from '@madang/protocol';

type Created = Extract<LoggedEvent, { type: 'message.created' }>;

/** An event as the client tells it: that of a new message holds the whole message, as commands answer with it. */
export type RoomEvent = Exclude<LoggedEvent, Created> | (Omit<Created, 'message'> & { message: Message });

/** The one place where an event of the wire, which says each thing once, becomes one of the client's. */
export function roomEvent(event: LoggedEvent): RoomEvent {
  return event.type === 'message.created' ? { ...event, message: wholeMessage(event) } : event;
}
