/** Callbacks for a stream of server-sent events. */
interface Handlers {
  onEvent(name: string, data: string): void;
  /** A block with an `id` has ended; the id covers everything received so far. */
  onId(id: string): void;
}

/** Server-sent events as browsers read them (WHATWG HTML, 9.2.6), for servers that end lines with a line feed. */
export class EventSourceParser {
  readonly #handlers: Handlers;
  #rest = '';
  #block = new Map<string, string>();

  constructor(handlers: Handlers) {
    this.#handlers = handlers;
  }

  feed(text: string): void {
    const lines = (this.#rest + text).split('\n');
    this.#rest = lines.pop() ?? '';
    for (const line of lines) {
      if (line === '') this.#dispatch();
      else this.#field(line);
    }
  }

  #field(line: string): void {
    const colon = line.indexOf(':');
    if (colon === 0) return;
    const name = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? '' : line.slice(colon + 1).replace(/^ /, '');
    const before = this.#block.get(name);
    this.#block.set(name, name === 'data' && before !== undefined ? `${before}\n${value}` : value);
  }

  #dispatch(): void {
    const block = this.#block;
    this.#block = new Map();
    const [data, id] = [block.get('data'), block.get('id')];
    if (data !== undefined) this.#handlers.onEvent(block.get('event') ?? 'message', data);
    if (id !== undefined) this.#handlers.onId(id);
  }
}
