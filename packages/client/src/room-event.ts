import { type LoggedEvent, type Message, wholeMessage } from '@madang/protocol';

type Created = Extract<LoggedEvent, { type: 'message.created' }>;

/** An event as the client emits it: `message.created` has the whole message, as commands return it. */
export type RoomEvent = Exclude<LoggedEvent, Created> | (Omit<Created, 'message'> & { message: Message });

/** Turns an event from the wire, which says each thing once, into one of the client's. */
export function roomEvent(event: LoggedEvent): RoomEvent {
  return event.type === 'message.created' ? { ...event, message: wholeMessage(event) } : event;
}
