let lastMs = 0;
let counter = 0;

/**
 * Makes an id for a message: a UUID version 7 (RFC 9562), so the ids of one client sort by creation time, even within a
 * millisecond. Uses `getRandomValues`, since `randomUUID` is missing on pages loaded over plain HTTP.
 */
export function newClientId(): string {
  const now = Date.now();
  if (now > lastMs) {
    lastMs = now;
    counter = 0;
  } else if (counter < 0xfff) {
    counter += 1;
  } else {
    lastMs += 1;
    counter = 0;
  }
  const random = crypto.getRandomValues(new Uint8Array(8));
  const time = lastMs.toString(16).padStart(12, '0');
  const variant = (0x80 | (random[0]! & 0x3f)).toString(16) + hex(random.subarray(1, 2));
  return `${time.slice(0, 8)}-${time.slice(8)}-7${counter.toString(16).padStart(3, '0')}-${variant}-${hex(random.subarray(2))}`;
}

function hex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
