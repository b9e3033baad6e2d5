import { type EventName, type LoggedEvent, type Message, wholeMessage } from '@madang/protocol';

type Created = Extract<LoggedEvent, { type: 'message.created' }>;

/** An event as the client emits it: `message.created` has the whole message, as commands return it. */
export type RoomEvent = Exclude<LoggedEvent, Created> | (Omit<Created, 'message'> & { message: Message });

/** An event that changes a message. */
export type MessageEvent = Extract<RoomEvent, { messageId: string }>;

/** Which events a room's view shows between its messages. Doesn't compile while one is missing. */
const isShown = {
  'message.created': false,
  'message.edited': false,
  'message.deleted': false,
  'message.reacted': false,
  'message.pinned': true,
  'message.unpinned': true,
  'room.created': false,
  'room.updated': true,
  'member.joined': true,
  'member.left': true,
  'member.updated': true,
} as const satisfies Record<EventName, boolean>;

/** What happened in a room besides messages. */
export type Activity = Extract<
  RoomEvent,
  { type: { [Name in EventName]: (typeof isShown)[Name] extends true ? Name : never }[EventName] }
>;

/** Whether a room's view shows an event between its messages. Events of a newer server are not shown. */
export function isActivity(event: RoomEvent): event is Activity {
  return Object.hasOwn(isShown, event.type) && isShown[event.type];
}

/** Turns an event from the wire, which says each thing once, into one of the client's. */
export function roomEvent(event: LoggedEvent): RoomEvent {
  return event.type === 'message.created' ? { ...event, message: wholeMessage(event) } : event;
}
