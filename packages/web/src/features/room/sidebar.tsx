import { nameSearch, type Room } from '@madang/protocol';
import { ChevronDown, Compass, Ellipsis, Plus, Search } from 'lucide-react';
import { type KeyboardEvent, type ReactNode, useMemo, useRef, useState } from 'react';
import { useTexts } from '../../i18n/use-texts.js';
import { useAbilities, useClient, useObservable, useRooms } from '../../state/client-provider.js';
import { useCollapsed } from '../../state/collapsed.js';
import { openDialog } from '../../state/page-dialog.js';
import { classNames } from '../../ui/class-names.js';
import { endsComposition } from '../../ui/composition.js';
import { IconButton } from '../../ui/icon-button.js';
import { lazyPart } from '../../ui/lazy-part.js';
import { Logo } from '../../ui/logo.js';
import { useShortcutKeys } from '../../ui/shortcuts.js';
import menuStyles from '../session/user-menu.module.css';
import { NoRooms } from './no-rooms.js';
import { groupRooms, unreadIn } from './order-rooms.js';
import { Badge, RoomRow } from './room-row.js';
import { roomTitle } from './room-title.js';
import styles from './sidebar.module.css';
import { useRowMenu } from './use-row-menu.js';

const userMenu = lazyPart(() => import('../session/user-menu.js'), 'UserMenu');
const roomMenu = lazyPart(() => import('./room-menu.js'), 'RoomMenu');

/** With fewer rooms than this the list has no filter: all of them are in sight, and "go to" finds them too. */
const FILTERED_ROOMS = 12;

export interface SidebarProps {
  /** The room that is shown. */
  current: string | undefined;
  /** Whether it fills the page. */
  isPage: boolean;
}

/** Where the user's menu will be. */
function MenuSpace() {
  return (
    <div className={menuStyles.bar}>
      <div className={menuStyles.me} />
    </div>
  );
}

/** The caller's rooms in their sections, and ways to find others. */
export function Sidebar({ current, isPage }: SidebarProps) {
  const { t } = useTexts();
  const client = useClient();
  const all = useRooms();
  const sections = useObservable(client.sections);
  const keysOf = useShortcutKeys();
  const { createRooms, openDirects } = useAbilities();
  const [filter, setFilter] = useState('');
  const list = useRef<HTMLDivElement>(null);
  const { menu, close, onContextMenu } = useRowMenu(list);
  const isFiltering = filter.trim() !== '';
  const groups = useMemo(() => {
    const isFound = nameSearch(filter);
    return groupRooms(isFiltering ? all.filter((room) => isFound(roomTitle(t, room))) : all, sections);
  }, [t, all, sections, filter, isFiltering]);
  const titles: Record<string, string> = {
    favorites: t('room.favorites'),
    rooms: t('room.rooms'),
    directs: t('room.directs'),
  };
  const shown = groups.filter(({ key, rooms }) => rooms.length > 0 || (!isFiltering && isThereEmpty(key, openDirects)));
  return (
    <nav className={styles.sidebar} aria-label={t('room.list')}>
      <header className={styles.header}>
        <Logo size={30} />
        {isPage ? (
          <h1 className={styles.name}>{t('app.name')}</h1>
        ) : (
          <span className={styles.name}>{t('app.name')}</span>
        )}
      </header>
      <button type="button" className={styles.search} onClick={() => openDialog('palette')}>
        <Search size={16} aria-hidden />
        <span>{t('room.goTo')}</span>
        <kbd aria-hidden>{keysOf('palette').join(' ')}</kbd>
      </button>
      <div ref={list} className={styles.scroller} onKeyDown={moveWithArrows} onContextMenu={onContextMenu}>
        {(all.length >= FILTERED_ROOMS || filter !== '') && (
          <input
            type="search"
            className={styles.filter}
            aria-label={t('room.filter')}
            placeholder={t('room.filter')}
            autoComplete="off"
            value={filter}
            onChange={({ target }) => setFilter(target.value)}
            onKeyDown={(event) => {
              if (event.key === 'Escape' && !endsComposition(event.nativeEvent)) setFilter('');
            }}
          />
        )}
        {shown.map(({ key, section, rooms }) => (
          <Section
            key={key}
            id={key}
            title={section?.name ?? titles[key] ?? ''}
            rooms={rooms}
            current={current}
            isOpen={isFiltering}
            actions={
              key === 'rooms' ? (
                <>
                  <IconButton size="small" label={t('room.browse')} onClick={() => openDialog('browse')}>
                    <Compass size={17} aria-hidden />
                  </IconButton>
                  {createRooms && (
                    <IconButton size="small" label={t('room.create')} onClick={() => openDialog('create')}>
                      <Plus size={18} aria-hidden />
                    </IconButton>
                  )}
                </>
              ) : (
                section && (
                  <IconButton size="small" label={t('room.sections')} onClick={() => openDialog('sections')}>
                    <Ellipsis size={17} aria-hidden />
                  </IconButton>
                )
              )
            }
          >
            {key === 'rooms' && all.length === 0 && isPage ? (
              <NoRooms isPage={false} />
            ) : (
              <p className={styles.note}>
                {t(key === 'rooms' ? 'room.noRooms' : key === 'directs' ? 'room.noDirects' : 'room.noneInSection')}
              </p>
            )}
          </Section>
        ))}
        {shown.length === 0 && (
          <p className={styles.note} role="status">
            {t('room.noneFound')}
          </p>
        )}
      </div>
      <userMenu.View fallback={<MenuSpace />} />
      {menu && <roomMenu.View key={menu.room} menu={menu} onClose={close} fallback={null} />}
    </nav>
  );
}

/** Whether a part of the list is shown without rooms. */
function isThereEmpty(key: string, openDirects: boolean): boolean {
  return key === 'rooms' || key.startsWith('#') || (key === 'directs' && openDirects);
}

interface SectionProps {
  id: string;
  title: string;
  rooms: readonly Room[];
  current: string | undefined;
  /** Open, even if it is collapsed. */
  isOpen: boolean;
  actions: ReactNode;
  /** Shown if there are no rooms. */
  children: ReactNode;
}

function Section({ id, title, rooms, current, isOpen, actions, children }: SectionProps) {
  const { t } = useTexts();
  const [isCollapsed, toggle] = useCollapsed(id);
  const isClosed = isCollapsed && !isOpen;
  const unread = unreadIn(rooms);
  const shown = isClosed ? rooms.filter((room) => room.id === current) : rooms;
  return (
    <section className={styles.section}>
      <div className={styles.sectionHeader}>
        <h2>
          <button type="button" className={styles.fold} aria-expanded={!isClosed} title={title} onClick={toggle}>
            <ChevronDown size={14} className={classNames(isClosed && styles.folded)} aria-hidden />
            <span>{title}</span>
          </button>
        </h2>
        {isClosed && unread > 0 && <Badge count={unread} label={t('room.unread', { count: unread })} />}
        {actions}
      </div>
      {shown.length > 0 && (
        <ul>
          {shown.map((room) => (
            <RoomRow key={room.id} room={room} isCurrent={room.id === current} />
          ))}
        </ul>
      )}
      {rooms.length === 0 && !isClosed && children}
    </section>
  );
}

/** Up and down move between rooms, whichever section they are in; from the filter down to the first. */
function moveWithArrows(event: KeyboardEvent<HTMLElement>): void {
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (step === undefined || endsComposition(event.nativeEvent)) return;
  const links = [...event.currentTarget.querySelectorAll<HTMLElement>('a[data-room], input')];
  const at = links.indexOf(document.activeElement as HTMLElement);
  const next = links[at + step];
  if (at < 0 || !next) return;
  event.preventDefault();
  next.focus();
}
