import type { ErrorObject, MadangError } from '@madang/protocol';
import { errorFrom } from './errors.js';
import { OpenCalls } from './open-calls.js';
import type { OpenTransport, Transport, TransportHandlers } from './transport.js';

/** A call that waits for the test's answer. */
export interface FakeCall {
  name: string;
  input: unknown;
  /** Answers with an output. A second answer, or one after the connection was lost, is ignored. */
  answer(output: unknown): void;
  /** Answers with an error. */
  refuse(error: ErrorObject): void;
}

/** A connection that a client has opened, controlled by a test: nothing happens until the test says so. */
export interface FakeConnection {
  /** The token sent while opening. */
  readonly token: string | undefined;
  /** Whether the client has closed it, or it was dropped. */
  readonly isOver: boolean;
  /** Unanswered calls, oldest first. */
  readonly calls: readonly FakeCall[];
  /** Lets the opening succeed. */
  accept(): void;
  /** Makes the opening fail with this error. */
  refuse(error?: ErrorObject): void;
  /** Delivers an event or a signal. */
  deliver(name: string, payload: object): void;
  /** Loses the connection: open calls reject, and the client is told. */
  drop(): void;
}

/** A transport for tests, without a network: the test decides what happens, and in which order. */
export class FakeTransport {
  /** Every connection opened, oldest first. */
  readonly connections: FakeConnection[] = [];
  /** Called with each call as it is made, for automatic answers. */
  onCall: ((call: FakeCall, connection: FakeConnection) => void) | undefined;
  /** Called with each connection, a microtask after it is opened. */
  onOpen: ((connection: FakeConnection) => void) | undefined;

  /** For `ClientOptions.transport`. */
  readonly open: OpenTransport = ({ token, handlers }) => {
    const connection = new Wire(token, handlers, (call) => this.onCall?.(call, connection));
    this.connections.push(connection);
    queueMicrotask(() => this.onOpen?.(connection));
    return connection;
  };

  /** The current or last connection. Throws if there was none. */
  get last(): FakeConnection {
    const last = this.connections.at(-1);
    if (!last) throw new Error('Nothing was opened');
    return last;
  }
}

class Wire implements FakeConnection, Transport {
  readonly token: string | undefined;
  readonly calls: FakeCall[] = [];
  readonly #handlers: TransportHandlers;
  readonly #called: (call: FakeCall) => void;
  readonly #open = new OpenCalls();
  isOver = false;

  constructor(token: string | undefined, handlers: TransportHandlers, called: (call: FakeCall) => void) {
    this.token = token;
    this.#handlers = handlers;
    this.#called = called;
  }

  get presentsToken(): boolean {
    return this.token !== undefined;
  }

  accept(): void {
    if (!this.isOver) this.#handlers.opened();
  }

  refuse(error?: ErrorObject): void {
    this.#end(error && errorFrom(error));
  }

  deliver(name: string, payload: object): void {
    if (!this.isOver) this.#handlers.message(name, structuredClone(payload));
  }

  drop(): void {
    this.#end();
  }

  call(name: string, input: unknown): Promise<unknown> {
    return this.#open.open((id) => {
      const done = () => {
        const index = this.calls.indexOf(call);
        if (index !== -1) this.calls.splice(index, 1);
        return this.#open.take(id);
      };
      const call: FakeCall = {
        name,
        input: structuredClone(input),
        answer: (output) => done()?.resolve(structuredClone(output)),
        refuse: (error) => done()?.reject(errorFrom(error)),
      };
      this.calls.push(call);
      this.#called(call);
    });
  }

  close(): void {
    this.isOver = true;
    this.calls.length = 0;
    this.#open.close();
  }

  #end(error?: MadangError): void {
    if (this.isOver) return;
    this.close();
    this.#handlers.closed(error);
  }
}
