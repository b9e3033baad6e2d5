import type { CloseReason } from '../fanout/connection.js';

/** WebSocket close codes (RFC 6455, section 7.4, and IANA's registry; 4000 and up are ours) and their reasons. */
export const closeCodes: Record<CloseReason, { code: number; reason: string }> = {
  session_ended: { code: 4401, reason: 'session ended' },
  unauthenticated: { code: 4401, reason: 'unauthenticated' },
  unavailable: { code: 1013, reason: 'try again later' },
  too_slow: { code: 4008, reason: 'too slow' },
  no_session: { code: 4408, reason: 'no session in time' },
  restarting: { code: 1012, reason: 'restarting' },
};
