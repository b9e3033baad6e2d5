export { type Command, type HttpRoute, type Language, languages, type LineSyntax, type Text } from './command.js';
export { type EditedContent, type MessageContent, noContent } from './content.js';
export { asyncApiDocument } from './documents/asyncapi.js';
export { openApiDocument } from './documents/openapi.js';
export {
  type ErrorCode,
  type ErrorObject,
  errorTable,
  fail,
  type InputIssue,
  invalidInputOf,
  MadangError,
} from './errors.js';
export { messageText, nickname, roomName, topic, type UserRef } from './fields.js';
export { type Budget, type Budgets, budgets, contactBudget, formatLimits, TYPING_MS } from './limits.js';
export type { Member, MemberRole } from './member.js';
export type { NotificationLevel, Section } from './membership.js';
export type { Message, Reaction } from './message.js';
export { cleanName, isBlank, nameProblem, normalizeName, warmNameChecks } from './names.js';
export { parseInput } from './parse-input.js';
export {
  createRoomsRules,
  directRules,
  type Holders,
  ignoresAuthor,
  type Lowest,
  type MessageAbilities,
  type Permission,
  type PermissionOf,
  permissions,
  type RoomAbilities,
  roomLadder,
  type RoomRung,
  type Rules,
  type SessionAbilities,
  workspaceLadder,
  type WorkspaceRung,
} from './permission.js';
export type { PresenceState } from './presence.js';
export type { Room, RoomKind } from './room.js';
export { nameSearch, searchedPart, searchKey } from './search-key.js';
export {
  type CommandInput,
  type CommandName,
  type CommandOutput,
  commands,
  type EventName,
  type EventOf,
  events,
  isCommandName,
  isEventName,
  type LoggedEvent,
  type ParsedInput,
  type SignalName,
  type SignalOf,
  signals,
} from './table.js';
export type { User } from './user.js';
export { deletedMessage, editedContent, wholeMessage } from './whole-message.js';
export { jsonRpcCodes, rpcError, rpcResult } from './wire/json-rpc.js';
export { type Problem, PROBLEM_TYPE, toProblem } from './wire/problem.js';
