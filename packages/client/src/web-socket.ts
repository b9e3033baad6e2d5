/** What browsers' WebSocket and that of `ws` have in common, as far as it is used. */
export interface PlainSocket {
  onopen: ((event: never) => void) | null;
  onmessage: ((event: never) => void) | null;
  onclose: ((event: never) => void) | null;
  onerror: ((event: never) => void) | null;
  send(text: string): void;
}

/** A socket that is being opened. */
export interface OpenedSocket {
  socket: PlainSocket;
  /** Whether the token is in the handshake. */
  presentsToken: boolean;
  /** Closes it; it doesn't hold up the end of the process. Safe twice. */
  end(): void;
}
