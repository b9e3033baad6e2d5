import type { ErrorObject } from '@madang/protocol';
import type { CloseReason, Connection } from '../fanout/connection.js';
import type { Encoded, WireFormat } from '../fanout/wire-format.js';
import type { Session } from '../identity/actor.js';
import type { CallOrder } from './call-order.js';
import type { Calling } from './calls.js';
import { nextConnectionId } from './connection-id.js';
import { sessionless } from './sessionless.js';

/**
 * Whose a connection is. It begins as anonymous and becomes that again when its session ends; its session may also be
 * replaced by another. Whether it is closing is known to the library that carries it.
 */
type State =
  /** `refusal`: the rule, if any, that kept the handshake's credentials from counting. */
  | { readonly is: 'anonymous'; readonly session: undefined; readonly refusal: ErrorObject | undefined }
  /** The handshake's session is being let in. Calls wait until that is done. */
  | { readonly is: 'entering'; readonly session: Session | undefined; readonly entered: Promise<void> }
  | { readonly is: 'present'; readonly session: Session };

const ANONYMOUS: State = { is: 'anonymous', session: undefined, refusal: undefined };

/** What one write sends at the end of this turn of the event loop: ready frames, then texts. */
interface Turn {
  frames: Buffer[];
  texts: string[];
}

/**
 * A connection that makes calls and receives events, whatever carries it. Each field exists once per connection, and
 * there may be many thousands of idle ones: so it holds no closures, and not its request.
 */
export abstract class SocketConnection implements Connection, Calling {
  readonly id = nextConnectionId();
  readonly address: string;
  presence: 'online' | 'away' = 'online';
  callsInFlight = 0;
  callOrder: CallOrder | undefined;
  abstract readonly transport: string;
  abstract readonly format: WireFormat;
  /** Most bytes that may wait for a client that has a session but doesn't read its answers. */
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

  /** The rule, if any, that kept the handshake's credentials from counting. */
  get refusal(): ErrorObject | undefined {
    return this.#state.is === 'anonymous' ? this.#state.refusal : undefined;
  }

  /** Resolves when the handshake's session has been let in; undefined otherwise. */
  get entered(): Promise<void> | undefined {
    return this.#state.is === 'entering' ? this.#state.entered : undefined;
  }

  get connection(): this {
    return this;
  }

  /** The handshake brought no session; `refusal` is the rule, if any, that kept its credentials from counting. */
  staysAnonymous(refusal: ErrorObject | undefined): void {
    this.#state = refusal ? { is: 'anonymous', session: undefined, refusal } : ANONYMOUS;
  }

  /** The handshake's session is being let in until `done` resolves, which must never reject. */
  enters(done: Promise<void>): void {
    this.#state = { is: 'entering', session: this.session, entered: this.#enter(done) };
  }

  /** Sends a text to this connection alone, in one write with everything else of this turn. */
  send(text: string): void {
    this.#thisTurn().texts.push(text);
  }

  /** Writes what this turn has collected. */
  endTurn(): void {
    const turn = this.#turn;
    if (!turn) return;
    this.#turn = undefined;
    this.writeTurn(turn.frames, turn.texts);
    // A client that keeps asking but never reads is disconnected.
    const most = this.session ? this.maxAnswerBytes : sessionless.answerBytes;
    if (turn.texts.length > 0 && this.queuedBytes() > most) this.close('too_slow');
  }

  abstract write(encoded: Encoded): void;
  abstract queuedBytes(): number;
  abstract close(reason: CloseReason, words?: string): void;
  abstract terminate(): void;

  /** Closes the connection because the client violated the protocol. */
  abstract end(): void;

  /** Limits what the client may send in one frame or packet: little without a session. */
  protected abstract boundInput(): void;

  /** Writes frames, then texts. */
  protected abstract writeTurn(frames: Buffer[], texts: readonly string[]): void;

  /** True if frames should wait for the end of the turn, to share a write: an answer is pending or already collected. */
  protected get joinsTurn(): boolean {
    return this.callsInFlight > 0 || this.#turn !== undefined;
  }

  /** Adds frames to the write at the end of the turn. */
  protected join(frames: Buffer): void {
    this.#thisTurn().frames.push(frames);
  }

  async #enter(done: Promise<void>): Promise<void> {
    await done;
    const { session } = this.#state;
    this.#state = session ? { is: 'present', session } : ANONYMOUS;
  }

  #thisTurn(): Turn {
    if (this.#turn) return this.#turn;
    process.nextTick(endTurn, this);
    return (this.#turn = { frames: [], texts: [] });
  }
}

function endTurn(connection: SocketConnection): void {
  connection.endTurn();
}
