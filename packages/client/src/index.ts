export type { BackOffOptions } from './back-off.js';
export type { Client, ClientOptions, Heard, HeardName, Sending } from './client.js';
export type { ConnectionState } from './connection.js';
export type { CursorReset, Cursors } from './cursors.js';
export { createClient } from './live-client.js';
export type { Observable } from './observable.js';
export {
  indexedDbOfflineStore,
  type OfflineChanges,
  type OfflineList,
  type OfflineMessage,
  type OfflineSession,
  type OfflineState,
  type OfflineStore,
} from './offline-store.js';
export { indexedDbOutboxStore, memoryOutboxStore, type OutboxEntry, type OutboxStore } from './outbox-store.js';
export type { Activity, RoomEvent } from './room-event.js';
export type { MessageList, MessageListState, Place, ViewMessage } from './message-list.js';
export type { RoomState, RoomView, Unread } from './room-state.js';
export type { Credentials } from './session.js';
export type { OpenTransport, Transport, TransportHandlers, TransportOptions } from './transport.js';
export {
  type CommandInput,
  type CommandName,
  type CommandOutput,
  type ErrorCode,
  type ErrorObject,
  type EventName,
  type EventOf,
  type LoggedEvent,
  MadangError,
  type Member,
  type MemberRole,
  type Message,
  type MessageAbilities,
  type PresenceState,
  type Reaction,
  type Room,
  type RoomAbilities,
  type RoomKind,
  type SessionAbilities,
  type SignalName,
  type SignalOf,
  type User,
  type UserRef,
} from '@madang/protocol';
