import type { Client, QueryResult } from 'pg';

/** A statement that is prepared once per connection, under its name. */
export interface Statement {
  name: string;
  text: string;
}

/** Keywords such as BEGIN need no preparing. */
type Asked = Statement | 'BEGIN' | 'COMMIT' | 'SAVEPOINT part' | 'ROLLBACK TO SAVEPOINT part' | 'ROLLBACK';

/** What PostgreSQL sends besides its answers. */
interface Notice {
  code?: string | undefined;
  message?: string | undefined;
}

/** The SQLSTATE codes of warnings. */
const WARNING = /^01/;

type Answer = QueryResult<Record<string, unknown>>;

/**
 * Sends statements one behind the other without waiting, so that all of them cost one round trip. PostgreSQL runs them
 * in turn. If one fails, those behind it in the transaction do nothing.
 */
export class Pipeline {
  readonly #client: Client;
  readonly #sent: Promise<unknown>[] = [];
  #failure: { error: unknown } | undefined;

  constructor(client: Client) {
    this.#client = client;
  }

  /** Sends a statement whose answer the caller awaits. */
  ask(asked: Asked, values?: unknown[]): Promise<Answer> {
    const query = typeof asked === 'string' ? { text: asked } : { ...asked, values: values ?? [] };
    const answer = this.#client.query<Record<string, unknown>>(query);
    const settled = answer.catch((error: unknown) => {
      this.#failure ??= { error };
    });
    this.#sent.push(settled);
    return answer;
  }

  /** Sends a statement of which only a failure matters. {@link done} throws it. */
  send(asked: Asked, values?: unknown[]): void {
    this.ask(asked, values).catch(() => undefined);
  }

  /** Waits for everything sent. Throws the first failure, which caused those behind it. */
  async done(): Promise<void> {
    await this.#settled();
    if (this.#failure) throw this.#failure.error;
  }

  /**
   * Waits for everything sent, commits, and waits for that. COMMIT after a failure would be a silent rollback, so its
   * own answer is checked. A warning counts as a failure too: PostgreSQL sends one if somebody cancels the wait for a
   * synchronous standby, and what it then calls committed is on one disk only.
   */
  async commit(): Promise<void> {
    const warnings: string[] = [];
    const hear = ({ code = '', message = '' }: Notice) => void (WARNING.test(code) && warnings.push(message));
    this.#client.on('notice', hear);
    try {
      const { command } = await this.ask('COMMIT');
      await this.done();
      if (command !== 'COMMIT') throw new Error(`PostgreSQL answered ${command} to COMMIT`);
      if (warnings.length > 0) throw new Error(`PostgreSQL warned at COMMIT: ${warnings.join(', ')}`);
    } finally {
      this.#client.off('notice', hear);
    }
  }

  /** Waits for everything sent, and ignores failures. */
  async forgive(): Promise<void> {
    await this.#settled();
    this.#failure = undefined;
  }

  async #settled(): Promise<void> {
    let count = 0;
    while (count < this.#sent.length) {
      count = this.#sent.length;
      await Promise.all(this.#sent);
    }
    this.#sent.length = 0;
  }
}
