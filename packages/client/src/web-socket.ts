/** What browsers' WebSocket and that of `ws` have in common, as far as it is used. */
export interface PlainSocket {
  addEventListener(name: 'open' | 'error', listener: () => void): void;
  addEventListener(name: 'close', listener: (close: { code: number; reason: string }) => void): void;
  addEventListener(name: 'message', listener: (message: { data: unknown }) => void): void;
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
