import { type Language, languages } from '@madang/protocol';
import accepts from 'accepts';
import { randomInt } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { toMadangError } from '../../errors.js';
import type { Session } from '../../identity/actor.js';
import { Calls } from '../calls.js';
import type { DoorParts } from '../door.js';
import { type Visit, WebSocketUpgrades } from '../websocket-server.js';
import { lineFormats, oneLine } from './format.js';
import { helpLines, parseLine, usage } from './line.js';
import { lineWords } from './words.js';

/** How often a free guest's name is looked for. */
const NAME_TRIES = 5;

/**
 * The door at `/`: a line of text each way over a WebSocket, for a page that knows no more than `new WebSocket(url)`,
 * and for `wscat`. Everyone comes in as a new guest; it never reads cookies.
 */
export function createLineDoor(parts: DoorParts): WebSocketUpgrades {
  return new WebSocketUpgrades(
    {
      name: 'line',
      format: (request) => lineFormats[languageOf(request)],
      opened: (visit) => open(visit, parts),
      refusedBinary: () => lineWords.binary.en(),
    },
    parts,
  );
}

async function open(visit: Visit, parts: DoorParts): Promise<(text: string) => void> {
  const language = languageOf(visit.request);
  let room = '';
  try {
    const session = await enter(visit, parts, language);
    const { user, rooms } = await parts.commands.welcome(session, visit.caller);
    room = rooms[0]?.id ?? '';
    visit.send(lineWords.greeting[language](user.name, room));
  } catch (error) {
    visit.send(lineWords.closed[language](toMadangError(error, parts.logger).toJSON()));
    visit.connection.close('unauthenticated');
    return () => undefined;
  }
  const calls = new Calls(parts);
  return (text) => void handle(text);

  async function handle(text: string): Promise<void> {
    const line = parseLine(text.replace(/\r?\n$/, ''), room);
    if (line.kind === 'help') return helpLines(language).forEach((each) => visit.send(each));
    if (line.kind === 'unknown') return visit.send(lineWords.unknown[language](line.verb));
    if (line.kind === 'incomplete') return visit.send(lineWords.usage[language](usage(line.row)));
    const outcome = await calls.run(line.row.name, line.input, visit.caller);
    if ('error' in outcome) return visit.send(oneLine(lineWords.error[language](outcome.error.toJSON())));
    room = line.row.line.enters?.(outcome.result) ?? room;
    for (const reply of line.row.line.reply?.(outcome.result, language) ?? []) visit.send(oneLine(reply));
  }
}

async function enter(visit: Visit, parts: DoorParts, language: Language): Promise<Session> {
  for (let left = NAME_TRIES; ; left -= 1) {
    const name = `${lineWords.guest[language]}-${randomInt(1000, 99_999)}`;
    try {
      return (await parts.commands.identify({ name }, visit.caller)).session;
    } catch (error) {
      if (left <= 1 || toMadangError(error, parts.logger).code !== 'conflict') throw error;
    }
  }
}

/** The language that the visitor prefers, by `Accept-Language`. */
function languageOf(request: IncomingMessage): Language {
  return accepts(request).language([...languages]) === 'ko' ? 'ko' : 'en';
}
