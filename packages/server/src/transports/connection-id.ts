let last = 0;

/** A connection's id, unique in this process. */
export function nextConnectionId(): string {
  last += 1;
  return `c${last.toString(36)}`;
}
