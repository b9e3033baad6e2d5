import { type CommandName, commands, type Language, type LineSyntax } from '@madang/protocol';

/** A command that can be typed. */
interface LineRow {
  name: CommandName;
  doc: Record<Language, string>;
  line: LineSyntax<unknown>;
}

/** The meaning of a line. */
export type Line =
  | { kind: 'call'; row: LineRow; input: Record<string, unknown> }
  | { kind: 'help' }
  | { kind: 'unknown'; verb: string }
  | { kind: 'incomplete'; row: LineRow }
  /** A command about a room without a current room. */
  | { kind: 'nowhere' };

const rows: LineRow[] = Object.values(commands).flatMap((row) =>
  'line' in row && row.line ? [{ name: row.name, doc: row.doc, line: row.line }] : [],
);

const byVerb = new Map(rows.map((row) => [row.line.verb, row]));
const plain = rows.find((row) => row.line.plain);

/** Parses a line: `/verb arguments`, or plain text. `//` begins a text with a slash. */
export function parseLine(text: string, currentRoom: string): Line {
  if (!text.startsWith('/') || text.startsWith('//')) {
    const said = text.startsWith('//') ? text.slice(1) : text;
    return plain ? call(plain, said, currentRoom) : { kind: 'unknown', verb: '' };
  }
  const [verb = '', rest = ''] = splitOnce(text.slice(1).trimEnd());
  if (verb === 'help') return { kind: 'help' };
  const row = byVerb.get(verb);
  return row ? call(row, rest, currentRoom) : { kind: 'unknown', verb };
}

/** Every command that can be typed, from the table. */
export function helpLines(language: Language): string[] {
  return rows.map((row) => `${usage(row)}  —  ${row.doc[language]}`);
}

/** How a command is typed. */
export function usage(row: LineRow): string {
  const { verb, args, optional = 0 } = row.line;
  const words = args.map((arg, index) => (index >= args.length - optional ? `[${arg}]` : `<${arg}>`));
  return [`/${verb}`, ...words].join(' ');
}

function call(row: LineRow, rest: string, currentRoom: string): Line {
  const { args, optional = 0 } = row.line;
  const input: Record<string, unknown> = {};
  let left = rest;
  for (const [index, arg] of args.entries()) {
    if (!left.trim()) {
      if (index < args.length - optional) return { kind: 'incomplete', row };
      break;
    }
    const isLast = index === args.length - 1;
    const [word = '', more = ''] = isLast ? [left] : splitOnce(left);
    input[arg] = row.line.plain ? word : word.trim();
    left = more;
  }
  if (input['room'] === undefined && 'room' in commands[row.name].input.shape) {
    if (currentRoom === '') return { kind: 'nowhere' };
    input['room'] = currentRoom;
  }
  return { kind: 'call', row, input };
}

function splitOnce(text: string): string[] {
  const match = /^(\S*)\s*([\s\S]*)$/.exec(text);
  return match ? match.slice(1) : [text];
}
