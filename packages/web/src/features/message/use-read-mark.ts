import type { RoomState, RoomView } from '@madang/client';
import { useEffect, useState } from 'react';
import { useHasAttention } from '../../state/page-attention.js';

/**
 * Marks a room as read while the user looks at its newest message. Keeps the place where unread messages began when the
 * room was opened, or when the user last looked away.
 */
export function useReadMark(view: RoomView, state: RoomState, isAtEnd: boolean) {
  const hasAttention = useHasAttention();
  const [readUpTo, setReadUpTo] = useState<number>();
  const [hadAttention, setHadAttention] = useState(hasAttention);
  const { room } = state;
  const isReady = state.status === 'ready' && room !== undefined;

  if (readUpTo === undefined && isReady) setReadUpTo(room.read ?? room.head);
  if (hadAttention !== hasAttention) {
    setHadAttention(hasAttention);
    // A user who looks away has seen everything up to here; what comes meanwhile is new when they look again.
    if (!hasAttention && isReady && isAtEnd) setReadUpTo(room.head);
  }

  const head = room?.head;
  useEffect(() => {
    if (isReady && isAtEnd && hasAttention && head !== undefined && readUpTo !== undefined) view.markRead();
  }, [view, isReady, isAtEnd, hasAttention, head, readUpTo]);

  return { readUpTo, forgetUnread: () => setReadUpTo(Number.MAX_SAFE_INTEGER) };
}
