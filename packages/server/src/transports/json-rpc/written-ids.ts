/** A request's place in a text: where its id is written, and where the request ends. */
interface Written {
  id: string | undefined;
  end: number;
}

/**
 * The ids of a request, or of each request of a batch, exactly as written. JSON numbers can hold more than JavaScript's
 * (9007199254740993, 1e400), and 1.0 must come back as 1.0. Undefined if a request has no id, or is not an object. Of
 * repeated ids the last one counts, as in `JSON.parse`. Linear in the length of the text.
 * @param text input that `JSON.parse` accepted
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

// By character codes, since this runs for every request: a regular expression would cost several times as much.
const QUOTE = 0x22;
const COMMA = 0x2c;
const BACKSLASH = 0x5c;
const OPEN = 0x7b;
const CLOSE = 0x7d;
const OPEN_LIST = 0x5b;
const CLOSE_LIST = 0x5d;
const BLANK = 0x20;

function afterSpace(text: string, start: number): number {
  let at = start;
  // Anything in JSON that is not a token is white space, and no white space has a code above a blank's.
  while (text.charCodeAt(at) <= BLANK) at += 1;
  return at;
}

function afterValue(text: string, start: number): number {
  const first = text.charCodeAt(start);
  if (first === QUOTE) return afterString(text, start);
  return first === OPEN || first === OPEN_LIST ? afterNested(text, start) : afterScalar(text, start);
}

function afterNested(text: string, start: number): number {
  let depth = 0;
  let at = start;
  do {
    const code = text.charCodeAt(at);
    if (code === OPEN || code === OPEN_LIST) depth += 1;
    else if (code === CLOSE || code === CLOSE_LIST) depth -= 1;
    at = code === QUOTE ? afterString(text, at) : at + 1;
  } while (depth > 0);
  return at;
}

function afterScalar(text: string, start: number): number {
  let at = start;
  for (let code = text.charCodeAt(at); ; code = text.charCodeAt(at)) {
    // NaN at the end of the text.
    if (!(code > BLANK) || code === COMMA || code === CLOSE || code === CLOSE_LIST) return at;
    at += 1;
  }
}

/** A quote ends a string unless an odd number of backslashes precedes it. */
function afterString(text: string, start: number): number {
  let quote = start;
  let backslashes: number;
  do {
    quote = text.indexOf('"', quote + 1);
    backslashes = 0;
    while (text.charCodeAt(quote - 1 - backslashes) === BACKSLASH) backslashes += 1;
  } while (backslashes % 2 === 1);
  return quote + 1;
}
