/** The common part of the browser's WebSocket and that of `ws`, as far as it is used. */
export interface PlainSocket {
  addEventListener(name: 'open' | 'error', listener: () => void): void;
  addEventListener(name: 'close', listener: (close: { code: number; reason: string }) => void): void;
  addEventListener(name: 'message', listener: (message: { data: unknown }) => void): void;
  send(text: string): void;
}

/** A socket that is opening. */
export interface OpenedSocket {
  socket: PlainSocket;
  /** Whether the token is in the handshake. */
  presentsToken: boolean;
  /** Closes it, without holding up the end of the process. May be called twice. */
  end(): void;
}
