import type { RoomState, RoomView, ViewMessage } from '@madang/client';
import { useVirtualizer } from '@tanstack/react-virtual';
import { ArrowDown } from 'lucide-react';
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { languageOf } from '../../i18n/i18n.js';
import { useUser } from '../../state/client-provider.js';
import { formatDay } from '../../state/format-time.js';
import { Part } from '../../ui/part.js';
import { ActivityLine } from './activity-line.js';
import { Beginning, Cut } from './beginning.js';
import styles from './message-list.module.css';
import { MessageRow } from './message-row.js';
import { buildRows, type Row } from './rows.js';
import { useAnnouncement } from './use-announcement.js';
import { AT_END_PX, useFollow } from './use-follow.js';
import { useOlder } from './use-older.js';
import { useReadMark } from './use-read-mark.js';
import { useRowKeys } from './use-row-keys.js';

export interface MessageListProps {
  view: RoomView;
  state: RoomState;
  title: string;
  editing: string | undefined;
  onEdit: (key: string | undefined) => void;
  onDelete: (message: ViewMessage) => void;
  /** Counts the caller's own sends: each scrolls the list to its end. */
  sends: number;
  /** Escape was pressed: returns to the composer. */
  onLeave: () => void;
}

/**
 * The conversation. Only visible rows are in the page. It stays in place while older messages load, and follows new
 * ones.
 */
export function MessageList(props: MessageListProps) {
  const { view, state, editing, sends } = props;
  const { t } = useTranslation();
  const user = useUser();
  const scroller = useRef<HTMLDivElement>(null);
  const { isAtEnd, onChange } = useFollow();
  const { readUpTo, forgetUnread } = useReadMark(view, state, isAtEnd);
  const rows = useRows(state, readUpTo, user.id);
  const announcement = useAnnouncement(state.messages, state.status === 'ready', user.id);

  const list = useVirtualizer<HTMLDivElement, HTMLElement>({
    count: rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: (index) => estimateHeight(rows[index]),
    getItemKey: (index) => rows[index]?.key ?? index,
    anchorTo: 'end',
    followOnAppend: true,
    scrollEndThreshold: AT_END_PX,
    overscan: 10,
    paddingStart: 16,
    paddingEnd: 12,
    onChange,
  });
  const items = list.getVirtualItems();

  const isPlaced = useFirstPlace(rows, (unread) => {
    if (unread === undefined) list.scrollToEnd();
    else list.scrollToIndex(unread, { align: 'start' });
  });

  useOlder(view, {
    isPlaced,
    hasOlder: state.hasOlder,
    isLoading: state.loadingOlder,
    firstIndex: items[0]?.index ?? 0,
  });

  useEffect(() => {
    if (sends === 0) return;
    forgetUnread();
    requestAnimationFrame(() => list.scrollToEnd());
    // Only a send brings it to the end, not a new list object.
    // oxlint-disable-next-line react/exhaustive-deps
  }, [sends]);

  useEffect(() => {
    const index = editing === undefined ? -1 : rows.findIndex((row) => row.key === editing);
    if (index >= 0) list.scrollToIndex(index, { align: 'auto' });
    // oxlint-disable-next-line react/exhaustive-deps
  }, [editing]);

  const keys = useRowKeys({ rows, list, scroller, onLeave: props.onLeave, onEdit: props.onEdit });
  const missed = useMissed(state.messages, isAtEnd, user.id);
  const top = rows[list.getVirtualItemForOffset((list.scrollOffset ?? 0) + 8)?.index ?? 0];

  return (
    <div className={styles.frame}>
      <FloatingDay row={isAtEnd ? undefined : top} isLoading={state.loadingOlder} />
      {/* The log itself is silent: rows come and go while scrolling. What is new is said below it. */}
      <div
        ref={scroller}
        className={styles.scroller}
        role="log"
        aria-live="off"
        aria-label={t('message.log', { name: props.title })}
        aria-busy={state.loadingOlder}
        data-testid="log"
        onKeyDown={keys.onKeyDown}
        onFocus={keys.onFocus}
      >
        <div className={styles.sizer} style={{ height: list.getTotalSize() }}>
          {items.map((item) => {
            const row = rows[item.index];
            return (
              row && (
                <div
                  key={item.key}
                  ref={list.measureElement}
                  data-index={item.index}
                  className={styles.item}
                  style={{ transform: `translateY(${item.start}px)` }}
                >
                  <Part renderFailure={() => <PlainRow row={row} />}>
                    <RowView row={row} tabStop={keys.tabStop} {...props} />
                  </Part>
                </div>
              )
            );
          })}
        </div>
      </div>
      <div className="visually-hidden" role="status" aria-live="polite">
        {announcement}
      </div>
      {!isAtEnd && isPlaced && (
        <button type="button" className={styles.jump} data-new={missed > 0} onClick={() => list.scrollToEnd()}>
          <ArrowDown size={16} aria-hidden />
          {missed > 0 ? t('message.jumpCount', { count: missed }) : t('message.jump')}
        </button>
      )}
    </div>
  );
}

function RowView(props: MessageListProps & { row: Row; tabStop: string | undefined }) {
  const { row, state } = props;
  const { t, i18n } = useTranslation();
  switch (row.kind) {
    case 'beginning':
      return state.isCut ? <Cut /> : <Beginning room={state.room} title={props.title} />;
    case 'day':
      return (
        <div className={styles.day}>
          <span>{formatDay(t, languageOf(i18n), row.at)}</span>
        </div>
      );
    case 'unread':
      return (
        <div className={styles.unread} data-testid="unread">
          <span>{t('message.newMessages')}</span>
        </div>
      );
    case 'activity':
      return <ActivityLine items={row.items} />;
    default:
      return (
        <MessageRow
          message={row.message}
          isFirst={row.isFirst}
          isEditing={props.editing === row.key}
          isTabStop={props.tabStop === row.key}
          onEdit={props.onEdit}
          onDelete={props.onDelete}
        />
      );
  }
}

/** A row that can't be rendered properly: its text is still there to read. */
function PlainRow({ row }: { row: Row }) {
  if (row.kind !== 'message') return null;
  const { author, text } = row.message;
  return <article className={styles.plain}>{`${author.name}: ${text}`}</article>;
}

function FloatingDay({ row, isLoading }: { row: Row | undefined; isLoading: boolean }) {
  const { t, i18n } = useTranslation();
  if (isLoading) {
    return (
      <div className={styles.floating} role="status">
        <span>{t('message.loadingOlder')}</span>
      </div>
    );
  }
  if (!row || !('at' in row) || row.kind === 'day') return null;
  return (
    <div className={styles.floating} aria-hidden>
      <span>{formatDay(t, languageOf(i18n), row.at)}</span>
    </div>
  );
}

function useRows(state: RoomState, readUpTo: number | undefined, userId: string): Row[] {
  const [pageStarts, setPageStarts] = useState<ReadonlySet<string>>(() => new Set());
  const oldest = state.messages[0];
  if (state.hasOlder && oldest && !pageStarts.has(oldest.key)) setPageStarts(new Set([...pageStarts, oldest.key]));
  return useMemo(() => {
    if (state.status !== 'ready' || readUpTo === undefined) return [];
    return buildRows({ ...state, readUpTo, userId, pageStarts });
  }, [state, readUpTo, userId, pageStarts]);
}

/** Scrolls once, when the first page is there, to the first unread message, or to the end. */
function useFirstPlace(rows: readonly Row[], place: (unread: number | undefined) => void): boolean {
  const [isPlaced, setIsPlaced] = useState(false);
  const isReady = rows.length > 0;
  useLayoutEffect(() => {
    if (!isReady) return;
    const unread = rows.findIndex((row) => row.kind === 'unread');
    place(unread > 0 ? unread : undefined);
    setIsPlaced(true);
    // Once: later rows don't move the place that somebody reads at.
    // oxlint-disable-next-line react/exhaustive-deps
  }, [isReady]);
  return isPlaced;
}

/** How many messages of others arrived while the list was scrolled up. */
function useMissed(messages: readonly ViewMessage[], isAtEnd: boolean, userId: string): number {
  const newest = messages.findLast((each) => each.delivery === 'sent')?.seq ?? 0;
  const [seen, setSeen] = useState(newest);
  if (isAtEnd && seen !== newest) setSeen(newest);
  return isAtEnd ? 0 : messages.filter((each) => each.seq > seen && each.author.id !== userId).length;
}

function estimateHeight(row: Row | undefined): number {
  switch (row?.kind) {
    case 'beginning':
      return 180;
    case 'day':
      return 48;
    case 'unread':
      return 32;
    case 'message': {
      const lines = row.message.text.split('\n').reduce((sum, line) => sum + 1 + Math.floor(line.length / 60), 0);
      return lines * 23 + (row.isFirst ? 33 : 4) + (row.message.reactions?.length ? 30 : 0);
    }
    default:
      return 32;
  }
}
