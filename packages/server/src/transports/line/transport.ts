import { type Language, languages, type LineSyntax, MadangError } from '@madang/protocol';
import accepts from 'accepts';
import { randomInt } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { toMadangError } from '../to-madang-error.js';
import type { Session } from '../../identity/actor.js';
import { type Outcome, refuse, runCall } from '../calls.js';
import type { TransportParts } from '../transport.js';
import type { WebSocketConnection } from '../websocket-connection.js';
import { type WebSocketTransport, WebSocketUpgrades } from '../websocket-server.js';
import { lineFormats, oneLine } from './format.js';
import { helpLines, type Line, parseLine, usage } from './line.js';
import { lineWords } from './words.js';

/** Attempts to find a free guest name. */
const NAME_TRIES = 5;

/** The longest list of languages that is parsed, in characters. */
const MAX_LANGUAGES_CHARS = 500;

/** How much of an unknown verb is repeated, in characters. */
const MAX_VERB = 60;

/** A visitor's current room and language. */
interface Visitor {
  room: string;
  language: Language;
  /** Resolves when the visitor's change of room is done; there while it is not. */
  moving?: Promise<void> | undefined;
}

/**
 * The transport at `/`: a line of text each way over a WebSocket, for pages that know only `new WebSocket(url)`, and
 * for `wscat`. Everyone enters as a new guest; cookies are never read.
 */
export function createLineTransport(parts: TransportParts): WebSocketUpgrades {
  const visitors = new WeakMap<WebSocketConnection, Visitor>();
  const transport: WebSocketTransport = {
    name: 'line',
    formats: (request) => lineFormats[languageOf(request)],
    greet: async (connection, request) => {
      visitors.set(connection, await greet(connection, languageOf(request), parts));
    },
    receive: (connection, text) => {
      const visitor = visitors.get(connection);
      if (visitor) void handle(text, connection, visitor, parts);
    },
    receiveBinary: (connection) => {
      const visitor = visitors.get(connection);
      if (visitor) void handleBinary(connection, visitor, parts);
    },
  };
  return new WebSocketUpgrades(transport, parts);
}

async function greet(connection: WebSocketConnection, language: Language, parts: TransportParts): Promise<Visitor> {
  try {
    const session = await enter(connection, parts, language);
    const { user, rooms } = await parts.commands.welcome(session, connection);
    const room = rooms[0]?.id ?? '';
    connection.send(lineWords[room === '' ? 'greetingNowhere' : 'greeting'][language](user.name, room));
    return { room, language };
  } catch (error) {
    const known = toMadangError(error, parts.logger);
    connection.send(lineWords.closed[language](known.toJSON()));
    throw known;
  }
}

async function handle(
  text: string,
  connection: WebSocketConnection,
  visitor: Visitor,
  parts: TransportParts,
): Promise<void> {
  const { language } = visitor;
  // A line right behind `/join` is meant for the room that it enters. It waits within the limit of calls in flight.
  while (visitor.moving && connection.callsInFlight < parts.limits.maxCallsInFlight) {
    connection.callsInFlight += 1;
    await visitor.moving;
    connection.callsInFlight -= 1;
  }
  const line = parseLine(text.replace(/\r?\n$/, ''), visitor.room);
  if (line.kind !== 'call') {
    const error = await refuse(parts, connection, new MadangError({ code: 'invalid_input', message: '' }));
    return linesOf(line, error, language).forEach((each) => connection.send(each));
  }
  const calling = runCall(parts, line.row.name, line.input, connection);
  if (line.row.line.enters) visitor.moving = move(visitor, calling, line.row.line);
  const outcome = await calling;
  if ('error' in outcome) return connection.send(oneLine(lineWords.error[language](outcome.error.toJSON())));
  for (const reply of line.row.line.reply?.(outcome.result, language) ?? []) connection.send(oneLine(reply));
}

/** Sets the room that a call enters. */
async function move(visitor: Visitor, calling: Promise<Outcome>, syntax: LineSyntax<unknown>): Promise<void> {
  const outcome = await calling;
  if ('result' in outcome) visitor.room = syntax.enters?.(outcome.result) ?? visitor.room;
  visitor.moving = undefined;
}

async function handleBinary(
  connection: WebSocketConnection,
  { language }: Visitor,
  parts: TransportParts,
): Promise<void> {
  const error = await refuse(parts, connection, new MadangError({ code: 'invalid_input', message: '' }));
  const words =
    error.code === 'invalid_input' ? lineWords.binary[language]() : lineWords.error[language](error.toJSON());
  connection.send(words);
}

/** Answers from the transport itself, unless too many are requested. */
function linesOf(line: Exclude<Line, { kind: 'call' }>, error: MadangError, language: Language): string[] {
  if (error.code !== 'invalid_input') return [lineWords.error[language](error.toJSON())];
  if (line.kind === 'help') return helpLines(language);
  if (line.kind === 'nowhere') return [lineWords.nowhere[language]()];
  if (line.kind === 'unknown') return [oneLine(lineWords.unknown[language](line.verb.slice(0, MAX_VERB)))];
  return [lineWords.usage[language](usage(line.row))];
}

async function enter(connection: WebSocketConnection, parts: TransportParts, language: Language): Promise<Session> {
  for (let left = NAME_TRIES; ; left -= 1) {
    const name = `${lineWords.guest[language]}-${randomInt(1000, 99_999)}`;
    try {
      return (await parts.commands.identify({ name }, connection)).session;
    } catch (error) {
      if (left <= 1 || toMadangError(error, parts.logger).code !== 'conflict') throw error;
    }
  }
}

/** The visitor's preferred language, by `Accept-Language`. */
function languageOf(request: IncomingMessage): Language {
  // Parsing it costs far more than its length.
  if ((request.headers['accept-language'] ?? '').length > MAX_LANGUAGES_CHARS) return 'en';
  return accepts(request).language([...languages]) === 'ko' ? 'ko' : 'en';
}
