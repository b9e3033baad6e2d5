import type { Answer } from './doors/door.js';
import type { HistoryWriter } from './history.js';

/** Writes down how an attempt ended. */
export function recordAnswer(history: HistoryWriter, op: number, answer: Answer): void {
  if ('lost' in answer) history.add({ type: 'unknown', op, why: answer.lost });
  else if ('error' in answer) {
    // An internal error says nothing about what was done.
    if (answer.error.code === 'internal') history.add({ type: 'unknown', op, why: 'internal' });
    else history.add({ type: 'refused', op, code: answer.error.code });
  } else {
    const message = answer.result['message'] as { id: string } | undefined;
    history.add({ type: 'acked', op, ...(message && { message: message.id }) });
  }
}
