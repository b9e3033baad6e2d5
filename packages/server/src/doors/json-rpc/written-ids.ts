/** A request's place in a text: where its id is, as it is written there, and where the request ends. */
interface Written {
  id: string | undefined;
  end: number;
}

/**
 * The ids of a request, or of each request of a batch, as they are written: JSON's numbers may hold more than JavaScript's
 * (9007199254740993, 1e400), and 1.0 is to come back as 1.0. Undefined where a request has none, or is no object. Of an id
 * that is given twice the last one counts, as it does for `JSON.parse`. Linear in the text.
 * @param text what `JSON.parse` has read without an error
 */
export function writtenIds(text: string): (string | undefined)[] {
  let at = afterSpace(text, 0);
  if (text[at] !== '[') return [requestAt(text, at).id];
  const ids: (string | undefined)[] = [];
  at = afterSpace(text, at + 1);
  while (text[at] !== ']') {
    const { id, end } = requestAt(text, at);
    ids.push(id);
    at = afterComma(text, end);
  }
  return ids;
}

function requestAt(text: string, start: number): Written {
  if (text[start] !== '{') return { id: undefined, end: afterValue(text, start) };
  let id: string | undefined;
  let at = afterSpace(text, start + 1);
  while (text[at] !== '}') {
    const keyEnd = afterString(text, at);
    const valueStart = afterSpace(text, afterSpace(text, keyEnd) + 1);
    const valueEnd = afterValue(text, valueStart);
    if (isId(text.slice(at, keyEnd))) id = text.slice(valueStart, valueEnd);
    at = afterComma(text, valueEnd);
  }
  return { id, end: at + 1 };
}

/** A key may be written with escapes. */
function isId(key: string): boolean {
  return key === '"id"' || (key.includes('\\') && JSON.parse(key) === 'id');
}

function afterComma(text: string, at: number): number {
  const next = afterSpace(text, at);
  return text[next] === ',' ? afterSpace(text, next + 1) : next;
}

const SPACE = /[ \t\n\r]*/y;

function afterSpace(text: string, at: number): number {
  return after(SPACE, text, at);
}

const SCALAR = /[^ \t\n\r,\]}]*/y;
const BRACKET_OR_STRING = /["[\]{}]/g;

function afterValue(text: string, start: number): number {
  const first = text[start];
  if (first === '"') return afterString(text, start);
  if (first !== '[' && first !== '{') return after(SCALAR, text, start);
  let depth = 1;
  let at = start + 1;
  while (depth > 0) {
    BRACKET_OR_STRING.lastIndex = at;
    at = BRACKET_OR_STRING.exec(text)?.index ?? text.length;
    if (text[at] === '"') {
      at = afterString(text, at);
    } else {
      depth += text[at] === '[' || text[at] === '{' ? 1 : -1;
      at += 1;
    }
  }
  return at;
}

/** A quote ends a text unless an odd number of backslashes is before it. */
function afterString(text: string, start: number): number {
  let quote = start;
  let backslashes: number;
  do {
    quote = text.indexOf('"', quote + 1);
    backslashes = 0;
    while (text[quote - 1 - backslashes] === '\\') backslashes += 1;
  } while (backslashes % 2 === 1);
  return quote + 1;
}

function after(pattern: RegExp, text: string, at: number): number {
  pattern.lastIndex = at;
  pattern.exec(text);
  return pattern.lastIndex;
}
