import type { ErrorObject } from '@madang/protocol';
import type { CloseReason, Connection } from '../fanout/connection.js';
import type { Encoded, WireFormat } from '../fanout/wire-format.js';
import type { Session } from '../identity/actor.js';
import type { Calling } from './calls.js';
import { nextConnectionId } from './connection-id.js';
import { sessionless } from './sessionless.js';

/**
 * Whose a connection is. It begins as anonymous, and is that again when its session ends; a session may also become
 * another. That it closes is for the library to know that carries it.
 */
type State =
  /** `refusal`: why its handshake brought no session, where a rule is the reason. */
  | { readonly is: 'anonymous'; readonly session: undefined; readonly refusal: ErrorObject | undefined }
  /** The handshake's session is being let in; what is called meanwhile waits for that. */
  | { readonly is: 'entering'; readonly session: Session | undefined; readonly entered: Promise<void> }
  | { readonly is: 'present'; readonly session: Session };

const ANONYMOUS: State = { is: 'anonymous', session: undefined, refusal: undefined };

/** What goes in one write when the turn of the event loop ends: frames that are ready, then texts. */
interface Turn {
  frames: Buffer[];
  texts: string[];
}

/**
 * A connection that takes calls and gets events, whatever carries it; it is the caller of what comes over it. Everything
 * here is kept for each of many thousand idle connections: no closures, and no request.
 */
export abstract class SocketConnection implements Connection, Calling {
  readonly id = nextConnectionId();
  readonly address: string;
  presence: 'online' | 'away' = 'online';
  callsInFlight = 0;
  abstract readonly transport: string;
  abstract readonly format: WireFormat;
  /** Answers that may wait for a client with a session that doesn't read them, in bytes. */
  protected abstract readonly maxAnswerBytes: number;
  #state: State = ANONYMOUS;
  #turn: Turn | undefined;

  constructor(address: string) {
    this.address = address;
  }

  get session(): Session | undefined {
    return this.#state.session;
  }

  set session(session: Session | undefined) {
    if (this.#state.is === 'entering') this.#state = { ...this.#state, session };
    else this.#state = session ? { is: 'present', session } : ANONYMOUS;
    this.boundInput();
  }

  /** Why its handshake brought no session, where a rule is the reason. */
  get refusal(): ErrorObject | undefined {
    return this.#state.is === 'anonymous' ? this.#state.refusal : undefined;
  }

  /** Resolves when the handshake's session is let in; undefined from then on. */
  get entered(): Promise<void> | undefined {
    return this.#state.is === 'entering' ? this.#state.entered : undefined;
  }

  get connection(): this {
    return this;
  }

  /** The handshake brought no session; `refusal` is the rule that is the reason, if one is. */
  staysAnonymous(refusal: ErrorObject | undefined): void {
    this.#state = refusal ? { is: 'anonymous', session: undefined, refusal } : ANONYMOUS;
  }

  /** The handshake's session is being let in until `done` resolves, which never rejects. */
  enters(done: Promise<void>): void {
    const entered = done.then(() => {
      const { session } = this.#state;
      this.#state = session ? { is: 'present', session } : ANONYMOUS;
    });
    this.#state = { is: 'entering', session: this.session, entered };
  }

  /** Sends a text to this connection alone, in one write with all else of this turn. */
  send(text: string): void {
    this.#joined().texts.push(text);
  }

  /** Writes what the turn has joined. */
  endTurn(): void {
    const turn = this.#turn;
    if (!turn) return;
    this.#turn = undefined;
    this.writeTurn(turn.frames, turn.texts);
    // Who asks but does not read is cut off.
    const most = this.session ? this.maxAnswerBytes : sessionless.answerBytes;
    if (turn.texts.length > 0 && this.queuedBytes() > most) this.close('too_slow');
  }

  abstract write(encoded: Encoded): void;
  abstract queuedBytes(): number;
  abstract close(reason: CloseReason, words?: string): void;
  abstract terminate(): void;

  /** Closes for what the client did against the protocol. */
  abstract end(): void;

  /** Bounds what the client may send in one go: little without a session. */
  protected abstract boundInput(): void;

  /** Writes frames, then texts, in one go. */
  protected abstract writeTurn(frames: Buffer[], texts: readonly string[]): void;

  /** Whether something of this turn waits, so that what comes now goes with it: who waits for an answer gets it soon. */
  protected get joinsTurn(): boolean {
    return this.callsInFlight > 0 || this.#turn !== undefined;
  }

  /** Adds frames to what the turn's end writes. */
  protected join(frames: Buffer): void {
    this.#joined().frames.push(frames);
  }

  #joined(): Turn {
    if (this.#turn) return this.#turn;
    process.nextTick(endTurn, this);
    return (this.#turn = { frames: [], texts: [] });
  }
}

function endTurn(connection: SocketConnection): void {
  connection.endTurn();
}
