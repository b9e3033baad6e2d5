/** Why a program of ours can't do what it was asked to, in one plain sentence for whoever runs it. */
export class PlainError extends Error {
  override readonly name: string = 'PlainError';
}

/** Why the server can't start. */
export class StartError extends PlainError {
  override readonly name = 'StartError';
}

/** An error's message, whatever was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
