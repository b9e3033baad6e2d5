import type { Answer } from './transports/transport.js';
import type { HistoryWriter } from './history.js';

/** Records how an attempt ended. */
export function recordAnswer(history: HistoryWriter, op: number, answer: Answer): void {
  if ('lost' in answer) history.add({ type: 'unknown', op, why: answer.lost });
  else if ('error' in answer) {
    const { code } = answer.error;
    // An internal error doesn't say whether the call happened.
    const isOpen = code === 'internal' || (code === 'unavailable' && history.isUnsure);
    history.add(isOpen ? { type: 'unknown', op, why: code } : { type: 'refused', op, code });
  } else {
    const message = answer.result['message'] as { id: string } | undefined;
    history.add({ type: 'acked', op, ...(message && { message: message.id }) });
  }
}
