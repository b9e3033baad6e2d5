import type { Activity, MessageListState, RoomView, ViewMessage } from '@madang/client';
import { defaultRangeExtractor, measureElement, useVirtualizer } from '@tanstack/react-virtual';
import { ArrowDown } from 'lucide-react';
import { memo, useCallback, useEffect, useLayoutEffect, useMemo, useRef, useState } from 'react';
import { languageOf } from '../../i18n/i18n.js';
import { useTexts } from '../../i18n/use-texts.js';
import { useToday } from '../../state/calendar.js';
import { useObservable, useUser } from '../../state/client-provider.js';
import { useMedia } from '../../state/media.js';
import { formatDay } from '../../state/format-time.js';
import { useEdits } from '../../state/use-unsent.js';
import { Button } from '../../ui/button.js';
import { Part } from '../../ui/part.js';
import type { OpenedList } from '../room/room-screen.js';
import { ActivityLine } from './activity-line.js';
import { Beginning, Cut } from './beginning.js';
import styles from './message-list.module.css';
import { useJumps } from './jump.js';
import { MessageRow, type MessageRowProps } from './message-row.js';
import { NewsBar, newsWords } from './news-bar.js';
import { OlderNotice } from './older-notice.js';
import { PlaceKeeper } from './place-keeper.js';
import { heightOf, noteHeight } from './row-height.js';
import { buildRows, type Row } from './rows.js';
import { useRowsInPage } from './rows-in-page.js';
import { useAnnouncement } from './use-announcement.js';
import { firstIndex, indexOfMessage, useFirstPlace } from './use-first-place.js';
import { scrollList, useHeldPlace } from './use-held-place.js';
import { useOpenActions } from './use-open-actions.js';
import { useBound } from './use-bound.js';
import { usePages } from './use-pages.js';
import { AT_END_PX, isFirstUnreadAbove, isScrolledToEnd, useReadMark, useUnread } from './use-read-mark.js';
import { useRowKeys } from './use-row-keys.js';
import { useSelection } from './use-selection.js';

export interface MessageListProps {
  view: RoomView;
  opened: OpenedList;
  state: MessageListState;
  title: string;
  editing: string | undefined;
  onEdit: MessageRowProps['onEdit'];
  onEdited: MessageRowProps['onEdited'];
  onDelete: (message: ViewMessage) => void;
  /** Shows what can be done with a message. */
  onActions: (message: ViewMessage) => void;
  /** Counts the caller's own sends: each scrolls the list to its end. */
  sends: number;
  /** Escape was pressed: returns to the composer. */
  onLeave: () => void;
  /** Shows the newest messages, which this list does not reach. */
  onEnd: () => void;
  /** Shows the first unread message, which this list does not reach. */
  onUnread: () => void;
}

/** How many rows beyond the visible ones are in the page, on both sides. */
const OVERSCAN = 10;

/** The same until the list has arrived at its first place: what is read first is rendered first. */
const FIRST_OVERSCAN = 2;

/**
 * The conversation. Only visible rows are in the page. It stays in place while older or newer pages load, and follows new
 * messages once it has reached the end of the room.
 */
export function MessageList(props: MessageListProps) {
  const { view, opened, state, editing, sends } = props;
  const { t } = useTexts();
  const user = useUser();
  const scroller = useRef<HTMLDivElement>(null);
  const [keeper] = useState(() => new PlaceKeeper());
  const activity = useObservable(view.activity);
  const [isAtEnd, setIsAtEnd] = useState(true);
  const [hasArrived, setHasArrived] = useState(false);
  // Whether the previous rows reached the end of the room: the page that first reaches it is not followed.
  const [wasLive, setWasLive] = useState(!state.hasNewer);
  const unread = useUnread(view, state, isAtEnd);
  const rows = useRows(state, activity, unread.readUpTo, user.id);
  const edited = useEditedRows(rows, editing);
  const selection = useSelection(rows, scroller);
  const isFollowing = wasLive && !state.hasNewer;

  // The same function for the same rows: with another one, the virtual list places all rows again.
  const getItemKey = useCallback((index: number) => rows[index]?.key ?? index, [rows]);
  // On paper there is no scrolling: all that is loaded.
  const isPrinting = useMedia('print');
  const inPage = useRowsInPage();
  const virtualizer = useVirtualizer<HTMLDivElement, HTMLElement>({
    count: rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: (index) => heightOf(rows[index]),
    measureElement: (element, entry, list) => {
      const height = measureElement(element, entry, list);
      noteHeight(rows[list.indexFromElement(element)], height);
      return height;
    },
    getItemKey,
    // Where it begins, so that the rows of another place are not rendered first.
    initialRect: { width: 0, height: window.innerHeight },
    initialOffset: () => firstOffset(rows, opened.at),
    anchorTo: 'end',
    followOnAppend: isFollowing,
    scrollToFn: (offset, options, list) => scrollList(keeper, offset, options, list),
    scrollEndThreshold: AT_END_PX,
    overscan: isPrinting ? rows.length : hasArrived ? OVERSCAN : FIRST_OVERSCAN,
    rangeExtractor: (range) => {
      const shown = isPrinting ? defaultRangeExtractor(range) : inPage.extract(range, getItemKey);
      return [...new Set([...edited, ...selection.kept, ...shown])].sort((a, b) => a - b);
    },
    paddingStart: 16,
    paddingEnd: 12,
    onChange: (list) => {
      if (list.options.count > 0) setIsAtEnd(list.isAtEnd(AT_END_PX));
    },
  });
  const measureRow = useCallback(
    (element: HTMLElement | null) => {
      virtualizer.measureElement(element);
      if (element) keeper.observe(element);
    },
    [virtualizer, keeper],
  );
  const items = virtualizer.getVirtualItems();
  useLayoutEffect(() => inPage.rendered(items.map(({ key }) => key)), [inPage, items]);
  useLayoutEffect(() => {
    // After rows below that are not followed, the list is no longer at its end.
    if (scroller.current && rows.length > 0) setIsAtEnd(isScrolledToEnd(scroller.current));
    setWasLive(!state.hasNewer);
  }, [rows, state.hasNewer]);

  const { isPlaced, isAtUnread } = useFirstPlace(scroller, rows, opened.at, (index) => {
    if (index === undefined) virtualizer.scrollToEnd();
    else virtualizer.scrollToIndex(index, { align: opened.at === 'unread' ? 'start' : 'center' });
  });
  useEffect(() => setHasArrived(isPlaced), [isPlaced]);
  useHeldPlace({ keeper, scroller, rows, places: virtualizer.measurementsCache, isPlaced, isFollowing });
  const announcement = useAnnouncement({ view, state, isAtUnread: isPlaced && isAtUnread, userId: user.id });
  useReadMark({ list: opened.list, state, rows, virtualizer, scroller, isPlaced, isAtEnd, unread });
  useBound({ list: opened.list, rows, virtualizer, isPlaced, needed: [...edited, ...selection.needed] });
  const older = usePages({
    list: opened.list,
    state,
    isPlaced,
    above: Math.max(0, (virtualizer.range?.startIndex ?? 0) - OVERSCAN),
    below: Math.max(0, rows.length - 1 - (virtualizer.range?.endIndex ?? 0) - OVERSCAN),
  });

  useEffect(() => {
    if (sends === 0) return;
    unread.forget();
    requestAnimationFrame(() => virtualizer.scrollToEnd());
    // Only a send brings it to the end, not a new list object.
    // oxlint-disable-next-line react/exhaustive-deps
  }, [sends]);

  useEffect(() => {
    const index = editing === undefined ? -1 : rows.findIndex((row) => row.key === editing);
    if (index >= 0) virtualizer.scrollToIndex(index, { align: 'auto' });
    // oxlint-disable-next-line react/exhaustive-deps
  }, [editing]);

  const keys = useRowKeys({
    rows,
    list: virtualizer,
    scroller,
    selection,
    onLeave: props.onLeave,
    onEdit: props.onEdit,
  });
  useOpenActions(scroller, (key) => {
    const row = rows.find((each) => each.key === key);
    if (row?.kind === 'message' && row.message.deletedAt === undefined) props.onActions(row.message);
  });
  useJumps('list', ({ seq }) => {
    const index = indexOfMessage(rows, seq);
    if (index >= 0) keys.focusRow(index, 'center');
    return index >= 0;
  });
  useEffect(() => {
    if (isPlaced && typeof opened.at === 'number') keys.focusRow(indexOfMessage(rows, opened.at), 'center');
    // Once: the list was opened for this message.
    // oxlint-disable-next-line react/exhaustive-deps
  }, [isPlaced]);
  const isNewsAbove = isPlaced && unread.isAway && isFirstUnreadAbove({ rows, state, unread, virtualizer });
  const toFirstUnread = () => {
    const index = rows.findIndex((row) => row.kind === 'unread');
    if (index < 0) props.onUnread();
    else virtualizer.scrollToIndex(index, { align: 'start' });
  };
  const top = rows[virtualizer.getVirtualItemForOffset((virtualizer.scrollOffset ?? 0) + 8)?.index ?? 0];

  return (
    <div className={styles.frame}>
      <OlderNotice scroller={scroller} older={older} />
      {isNewsAbove ? (
        <NewsBar
          view={view}
          rows={rows}
          onFirst={toFirstUnread}
          onClose={() => {
            unread.forget();
            opened.list.markRead();
          }}
        />
      ) : (
        <FloatingDay row={isAtEnd || older.state !== 'idle' ? undefined : top} />
      )}
      {/* The log itself is silent: rows come and go while scrolling. What is new is said below it. */}
      <div
        ref={scroller}
        className={styles.scroller}
        role="log"
        aria-live="off"
        aria-label={t('message.log', { name: props.title })}
        aria-busy={state.loadingOlder || state.loadingNewer}
        data-testid="log"
        onKeyDown={keys.onKeyDown}
        onFocus={keys.onFocus}
      >
        <div className={styles.sizer} style={{ height: virtualizer.getTotalSize() }}>
          {items.map((item) => {
            const row = rows[item.index];
            return (
              row && (
                <div
                  key={item.key}
                  ref={measureRow}
                  data-index={item.index}
                  className={styles.item}
                  style={{ transform: `translateY(${item.start}px)` }}
                >
                  <Part renderFailure={(retry) => <PlainRow row={row} onRetry={retry} />}>
                    <RowView
                      row={row}
                      view={view}
                      title={props.title}
                      isCut={state.isCut}
                      isEditing={editing === row.key}
                      isTabStop={keys.tabStop === row.key}
                      onEdit={props.onEdit}
                      onEdited={props.onEdited}
                      onDelete={props.onDelete}
                    />
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
      {isPlaced && (!isAtEnd || state.hasNewer) && (
        <JumpButton
          view={view}
          onJump={(isByKey) => {
            // The button disappears: after a key press the focus goes to the composer, below the newest message.
            if (isByKey) props.onLeave();
            unread.onSeen();
            if (state.hasNewer) props.onEnd();
            else virtualizer.scrollToEnd();
          }}
        />
      )}
    </div>
  );
}

/** Leads to the newest messages, and shows the number of unread ones. */
function JumpButton({ view, onJump }: { view: RoomView; onJump: (isByKey: boolean) => void }) {
  const { t } = useTexts();
  const { unread } = useObservable(view.unread);
  return (
    <button type="button" className={styles.jump} data-new={unread > 0} onClick={({ detail }) => onJump(detail === 0)}>
      <ArrowDown size={16} aria-hidden />
      {unread > 0 ? newsWords(t, unread) : t('message.jump')}
    </button>
  );
}

type RowViewProps = Pick<MessageListProps, 'view' | 'title'> &
  Pick<MessageListState, 'isCut'> &
  Omit<MessageRowProps, 'message' | 'isFirst'> & { row: Row };

const RowView = memo(function RowView({ row, view, title, isCut, ...rest }: RowViewProps) {
  const { t, i18n } = useTexts();
  const today = useToday();
  switch (row.kind) {
    case 'beginning':
      return isCut ? <Cut /> : <Beginning room={view.room} title={title} />;
    case 'day':
      return (
        <div className={styles.day}>
          <span>{formatDay(t, languageOf(i18n), row.at, today.at)}</span>
        </div>
      );
    case 'unread':
      return (
        <div className={styles.unread} role="separator" aria-label={t('message.newMessages')} data-testid="unread">
          <span aria-hidden>{t('message.newMessages')}</span>
        </div>
      );
    case 'activity':
      return <ActivityLine items={row.items} />;
    default:
      return <MessageRow message={row.message} isFirst={row.isFirst} {...rest} />;
  }
});

/** A row that can't be rendered properly: its text is still there to read. */
function PlainRow({ row, onRetry }: { row: Row; onRetry: () => void }) {
  const { t } = useTexts();
  return (
    <article className={styles.plain}>
      {row.kind === 'message' && <p>{`${row.message.author.name}: ${row.message.text}`}</p>}
      <p className={styles.plainNote}>
        {t('part.failed')}
        <Button size="small" onClick={onRetry}>
          {t('part.retry')}
        </Button>
      </p>
    </article>
  );
}

function FloatingDay({ row }: { row: Row | undefined }) {
  const { t, i18n } = useTexts();
  const today = useToday();
  if (!row || !('at' in row) || row.kind === 'day') return null;
  return (
    <div className={styles.floating} aria-hidden>
      <span>{formatDay(t, languageOf(i18n), row.at, today.at)}</span>
    </div>
  );
}

function useRows(
  state: MessageListState,
  activity: readonly Activity[],
  readUpTo: number | undefined,
  userId: string,
): Row[] {
  const today = useToday();
  const [pageStarts, setPageStarts] = useState<ReadonlySet<string>>(() => new Set());
  const { status, messages, hasOlder, hasNewer } = state;
  const oldest = messages[0];
  if (hasOlder && oldest && !pageStarts.has(oldest.key)) setPageStarts(new Set([...pageStarts, oldest.key]));
  return useMemo(() => {
    if (status !== 'ready' || readUpTo === undefined) return [];
    return buildRows({ messages, activity, hasOlder, hasNewer, readUpTo, userId, pageStarts });
    // The days in between depend on the time zone.
    // oxlint-disable-next-line react/exhaustive-deps
  }, [status, messages, activity, hasOlder, hasNewer, readUpTo, userId, pageStarts, today]);
}

/** The rows with an open editor. They stay in the page, out of sight too, since typing goes on there. */
function useEditedRows(rows: readonly Row[], editing: string | undefined): readonly number[] {
  const edits = useEdits({ isOpen: true });
  return useMemo(() => {
    if (edits.length === 0 && editing === undefined) return [];
    return rows.flatMap((row, index) =>
      row.kind === 'message' && (row.key === editing || edits.includes(row.message.id)) ? [index] : [],
    );
  }, [rows, editing, edits]);
}

/** Where the list begins, in px, as far as that is known before anything is measured. */
function firstOffset(rows: readonly Row[], at: OpenedList['at']): number {
  const index = firstIndex(rows, at);
  const before = index > 0 ? rows.slice(0, index) : rows;
  const offset = before.reduce((sum, row) => sum + heightOf(row), index > 0 ? 0 : -window.innerHeight);
  return Math.max(0, offset);
}
