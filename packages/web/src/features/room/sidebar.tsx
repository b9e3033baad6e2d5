import type { Room } from '@madang/protocol';
import { CircleAlert, Compass, PencilLine, Plus, Search } from 'lucide-react';
import { type KeyboardEvent, type ReactNode, useMemo } from 'react';
import { useTranslation } from 'react-i18next';
import { languageOf } from '../../i18n/i18n.js';
import { useAbilities, useRooms } from '../../state/client-provider.js';
import { useHasRefused, useHasUnsent } from '../../state/use-unsent.js';
import { classNames } from '../../ui/class-names.js';
import { IconButton } from '../../ui/icon-button.js';
import { lazyPart } from '../../ui/lazy-part.js';
import { Logo } from '../../ui/logo.js';
import { useShortcutKeys } from '../../ui/shortcuts.js';
import menuStyles from '../session/user-menu.module.css';
import { NoRooms } from './no-rooms.js';
import { orderRooms } from './order-rooms.js';
import { RoomIcon } from './room-icon.js';
import { roomTitle } from './room-title.js';
import styles from './sidebar.module.css';

const userMenu = lazyPart(() => import('../session/user-menu.js'), 'UserMenu');

export interface SidebarProps {
  /** The room that is shown. */
  current: string | undefined;
  /** Whether it fills the page. */
  isPage: boolean;
  onBrowse: () => void;
  onCreate: () => void;
  onSwitch: () => void;
}

/** Where the user's menu will be. */
function MenuSpace() {
  return (
    <div className={menuStyles.bar}>
      <div className={menuStyles.me} />
    </div>
  );
}

/** The caller's rooms, and ways to find others. */
export function Sidebar({ current, isPage, onBrowse, onCreate, onSwitch }: SidebarProps) {
  const { t, i18n } = useTranslation();
  const all = useRooms();
  const keysOf = useShortcutKeys();
  const { createRooms, openDirects } = useAbilities();
  const language = languageOf(i18n);
  const { rooms, directs } = useMemo(() => orderRooms(t, language, all), [t, language, all]);
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
      <button type="button" className={styles.search} onClick={onSwitch}>
        <Search size={16} aria-hidden />
        <span>{t('switcher.open')}</span>
        <kbd aria-hidden>{keysOf('switcher').join(' ')}</kbd>
      </button>
      <div className={styles.scroller} onKeyDown={moveWithArrows}>
        <Section
          title={t('room.rooms')}
          actions={
            <>
              <IconButton size="small" label={t('room.browse')} onClick={onBrowse}>
                <Compass size={17} aria-hidden />
              </IconButton>
              {createRooms && (
                <IconButton size="small" label={t('room.create')} onClick={onCreate}>
                  <Plus size={18} aria-hidden />
                </IconButton>
              )}
            </>
          }
        >
          {rooms.length > 0 && <RoomLinks rooms={rooms} current={current} />}
          {rooms.length === 0 &&
            (isPage ? (
              <NoRooms isPage={false} onBrowse={onBrowse} onCreate={onCreate} />
            ) : (
              <p className={styles.note}>{t('room.noRooms')}</p>
            ))}
        </Section>
        {(openDirects || directs.length > 0) && (
          <Section title={t('room.directs')}>
            {directs.length === 0 ? (
              <p className={styles.note}>{t('room.noDirects')}</p>
            ) : (
              <RoomLinks rooms={directs} current={current} />
            )}
          </Section>
        )}
      </div>
      <userMenu.View fallback={<MenuSpace />} />
    </nav>
  );
}

function Section({ title, actions, children }: { title: string; actions?: ReactNode; children: ReactNode }) {
  return (
    <section className={styles.section}>
      <div className={styles.sectionHeader}>
        <h2>{title}</h2>
        {actions}
      </div>
      {children}
    </section>
  );
}

function RoomLinks({ rooms, current }: { rooms: readonly Room[]; current: string | undefined }) {
  const { t } = useTranslation();
  return (
    <ul>
      {rooms.map((room) => {
        const title = roomTitle(t, room);
        const { unread = 0, mentions = 0 } = room;
        return (
          <li key={room.id}>
            <a
              href={`#/r/${room.id}`}
              className={classNames(styles.room, unread > 0 && styles.unread)}
              aria-current={room.id === current ? 'page' : undefined}
              data-room={room.id}
            >
              <RoomIcon room={room} title={title} />
              <span className={styles.title} title={title}>
                {title}
              </span>
              {room.kind === 'private' && <span className="visually-hidden">{t('room.privateRoom')}</span>}
              <UnsentSign room={room.id} />
              {mentions > 0 && <Badge isMention count={mentions} label={t('room.mentions', { count: mentions })} />}
              {unread > 0 && <Badge count={unread} label={t('room.unread', { count: unread })} />}
            </a>
          </li>
        );
      })}
    </ul>
  );
}

/** Tells that the user has written something there that was refused, or is not sent. */
function UnsentSign({ room }: { room: string }) {
  const { t } = useTranslation();
  const hasRefused = useHasRefused(room);
  const hasUnsent = useHasUnsent(room);
  if (!hasRefused && !hasUnsent) return null;
  const words = t(hasRefused ? 'unsent.refusedSign' : 'unsent.sign');
  return (
    <span className={classNames(styles.unsent, hasRefused && styles.refused)} title={words}>
      {hasRefused ? <CircleAlert size={16} aria-hidden /> : <PencilLine size={15} aria-hidden />}
      <span className="visually-hidden">{words}</span>
    </span>
  );
}

function Badge({ count, label, isMention = false }: { count: number; label: string; isMention?: boolean }) {
  return (
    <span className={classNames(styles.badge, isMention && styles.mention)}>
      <span aria-hidden>
        {isMention && '@'}
        {count > 99 ? '99+' : count}
      </span>
      <span className="visually-hidden">{label}</span>
    </span>
  );
}

/** Up and down move between rooms, whichever list they are in. */
function moveWithArrows(event: KeyboardEvent<HTMLElement>): void {
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (step === undefined) return;
  const links = [...event.currentTarget.querySelectorAll<HTMLElement>('a[data-room]')];
  const at = links.indexOf(document.activeElement as HTMLElement);
  const next = links[at + step];
  if (at < 0 || !next) return;
  event.preventDefault();
  next.focus();
}
