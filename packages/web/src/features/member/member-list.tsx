import type { Member } from '@madang/client';
import { useVirtualizer } from '@tanstack/react-virtual';
import { memo, useCallback, useMemo, useRef } from 'react';
import { useTexts } from '../../i18n/use-texts.js';
import { useUser } from '../../state/client-provider.js';
import styles from './member-list.module.css';
import { MemberRow } from './member-row.js';

export interface MemberListProps {
  members: readonly Member[];
  mayRemove: boolean;
  onRemove: (member: Member) => void;
}

const GROUPS = ['online', 'away', 'offline'] as const;

/** The height of most rows, and of a group's title, in px. */
const ROW_PX = 42;
const TITLE_PX = 36;

/** Members by presence. Only visible rows are in the page: a room may have thousands. */
export const MemberList = memo(function MemberList({ members, mayRemove, onRemove }: MemberListProps) {
  const { t } = useTexts();
  const user = useUser();
  const scroller = useRef<HTMLDivElement>(null);
  const groups = useMemo(() => groupMembers(members), [members]);
  const rows = useMemo(() => groups.flatMap((group) => [group.presence, ...group.members]), [groups]);
  // The same function for the same rows: with another one, the virtual list places all rows again.
  const getItemKey = useCallback((index: number) => keyOf(rows[index]), [rows]);
  // oxlint-disable-next-line react/incompatible-library -- this component is memoized as a whole; nothing below it is
  const virtualizer = useVirtualizer<HTMLDivElement, HTMLElement>({
    count: rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: (index) => (typeof rows[index] === 'string' ? TITLE_PX : ROW_PX),
    getItemKey,
    overscan: 6,
    paddingEnd: 16,
  });
  const items = virtualizer.getVirtualItems();

  return (
    <div ref={scroller} className={styles.scroller}>
      <div className={styles.sizer} style={{ height: virtualizer.getTotalSize() }}>
        {groups.map((group) => {
          const shown = items.filter(
            ({ index }) => index >= group.start && index <= group.start + group.members.length,
          );
          if (shown.length === 0) return null;
          return (
            <section key={group.presence} aria-label={t(`member.${group.presence}`)}>
              {shown[0]?.index === group.start && (
                <h3
                  ref={virtualizer.measureElement}
                  data-index={group.start}
                  className={styles.title}
                  style={{ transform: `translateY(${shown[0].start}px)` }}
                >
                  {t(`member.${group.presence}`)} <span>{group.members.length}</span>
                </h3>
              )}
              <ul>
                {shown.map((item) => {
                  const member = group.members[item.index - group.start - 1];
                  return (
                    member && (
                      <li
                        key={item.key}
                        ref={virtualizer.measureElement}
                        data-index={item.index}
                        className={styles.item}
                        style={{ transform: `translateY(${item.start}px)` }}
                        aria-setsize={group.members.length}
                        aria-posinset={item.index - group.start}
                      >
                        <MemberRow
                          member={member}
                          isSelf={member.user.id === user.id}
                          mayRemove={mayRemove}
                          onRemove={onRemove}
                        />
                      </li>
                    )
                  );
                })}
              </ul>
            </section>
          );
        })}
      </div>
    </div>
  );
});

interface Group {
  presence: (typeof GROUPS)[number];
  members: readonly Member[];
  /** The index of its title among all rows. */
  start: number;
}

function groupMembers(all: readonly Member[]): Group[] {
  const groups: Group[] = [];
  let start = 0;
  for (const presence of GROUPS) {
    const members = all.filter((each) => each.presence === presence);
    if (members.length === 0) continue;
    groups.push({ presence, members, start });
    start += members.length + 1;
  }
  return groups;
}

function keyOf(row: Group['presence'] | Member | undefined): string {
  return typeof row === 'object' ? row.user.id : (row ?? '');
}
