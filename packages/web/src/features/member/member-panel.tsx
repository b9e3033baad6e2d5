import type { Member, Observable } from '@madang/client';
import { nameSearch, type Room } from '@madang/protocol';
import { UserPlus, X } from 'lucide-react';
import { useDeferredValue, useEffect, useMemo, useRef, useState } from 'react';
import { useTexts } from '../../i18n/use-texts.js';
import { useObservable } from '../../state/client-provider.js';
import { errorText } from '../../state/error-text.js';
import { useBackCloses } from '../../state/history.js';
import { useInterruption } from '../../state/use-interruption.js';
import { classNames } from '../../ui/class-names.js';
import { endsComposition } from '../../ui/composition.js';
import { IconButton } from '../../ui/icon-button.js';
import { DialogPart, Part, PartFailure } from '../../ui/part.js';
import { SearchField } from '../../ui/search-field.js';
import { SkeletonRows } from '../../ui/skeleton.js';
import { useSwipeBack } from '../../ui/use-swipe-back.js';
import { InviteDialog } from './invite-dialog.js';
import styles from './member-panel.module.css';
import { MemberList } from './member-list.js';
import { RemoveDialog } from './remove-dialog.js';
import type { MembersFailure } from './use-members.js';

export interface MemberPanelProps {
  room: Room;
  members: Observable<readonly Member[]>;
  /** Why they could not be loaded. */
  failure: MembersFailure | undefined;
  /** Shown over the conversation, if there is no space beside it. */
  isOverlay: boolean;
  /** How often the user has asked to search. */
  searches: number;
  onClose: () => void;
}

/** A room with fewer people needs no search. */
const MIN_SEARCHED = 8;

/** The members of a room, those online first. */
export function MemberPanel({ room, members, failure, isOverlay, searches, onClose }: MemberPanelProps) {
  const { t } = useTexts();
  const all = useObservable(members);
  const [dialog, setDialog] = useState<'invite' | Member>();
  const [search, setSearch] = useState('');
  const panel = useRef<HTMLElement>(null);
  const isAny = search.trim() === '';
  // The field shows each letter at once. The list, which may have thousands of people, follows when there is time.
  const searched = useDeferredValue(search);
  const areAll = searched.trim() === '';
  const found = useMemo(() => {
    const isFound = nameSearch(searched);
    return areAll ? all : all.filter(({ user }) => isFound(user.name));
  }, [all, searched, areAll]);
  const close = () => setDialog(undefined);
  const hasSearch = searches > 0 || all.length >= MIN_SEARCHED || !isAny;
  useEffect(() => {
    if (searches > 0) panel.current?.querySelector<HTMLElement>('input[type=search]')?.focus();
  }, [searches]);
  useBackCloses(isOverlay, onClose);
  useSwipeBack(() => panel.current, isOverlay ? onClose : undefined);

  return (
    <aside
      ref={panel}
      className={classNames(styles.panel, isOverlay && styles.overlay)}
      aria-label={t('member.panel')}
      onKeyDown={(event) => {
        // A dialog over it closes alone.
        const isOwn = !event.defaultPrevented && !(event.target as Element).closest('dialog');
        if (event.key !== 'Escape' || !isOwn || endsComposition(event.nativeEvent)) return;
        if (!isAny) setSearch('');
        else if (isOverlay) onClose();
      }}
    >
      <header className={styles.header}>
        <h2>{t('member.panel')}</h2>
        {room.can.invite && (
          <IconButton label={t('room.invite')} onClick={() => setDialog('invite')}>
            <UserPlus size={18} aria-hidden />
          </IconButton>
        )}
        <IconButton label={t('member.hide')} onClick={onClose}>
          <X size={18} aria-hidden />
        </IconButton>
      </header>
      {hasSearch && (
        <SearchField className={styles.search} label={t('member.search')} value={search} onValueChange={setSearch} />
      )}
      <div className="visually-hidden" role="status">
        {!areAll && t('room.members', { count: found.length })}
      </div>
      {all.length > 0 && found.length === 0 && <p className={styles.none}>{t('member.none')}</p>}
      {all.length === 0 ? (
        <NoMembers failure={failure} />
      ) : (
        <Part>
          <MemberList members={found} mayRemove={room.can.removeMembers} onRemove={setDialog} />
        </Part>
      )}
      {dialog && (
        <DialogPart onClose={close}>
          {dialog === 'invite' ? (
            <InviteDialog room={room} onClose={close} />
          ) : (
            <RemoveDialog room={room} member={dialog} onClose={close} />
          )}
        </DialogPart>
      )}
    </aside>
  );
}

/** In place of members that are not loaded: that they are being loaded, or why they are not. */
function NoMembers({ failure }: Pick<MemberPanelProps, 'failure'>) {
  const { t } = useTexts();
  const isBroken = useInterruption() !== undefined;
  if (isBroken) return <p className={styles.none}>{t('member.notKept')}</p>;
  if (failure) return <PartFailure text={errorText(t, failure.error)} onRetry={failure.retry} />;
  return <SkeletonRows count={5} hasAvatar />;
}
