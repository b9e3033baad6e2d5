import type { Room } from '@madang/protocol';
import { Ban, EyeOff, Link, LogOut, UserPlus } from 'lucide-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useLocation } from 'wouter';
import { languageOf } from '../../i18n/i18n.js';
import { useClient } from '../../state/client-provider.js';
import { errorText } from '../../state/error-text.js';
import { formatDate } from '../../state/format-time.js';
import { Button } from '../../ui/button.js';
import { classNames } from '../../ui/class-names.js';
import { Dialog } from '../../ui/dialog.js';
import { showToast } from '../../ui/toast.js';
import { BlockDialog } from '../block/block-dialog.js';
import { useUnblock } from '../block/use-unblock.js';
import { InviteDialog } from '../member/invite-dialog.js';
import { LeaveDialog } from './leave-dialog.js';
import styles from './room-details.module.css';
import { RoomForm } from './room-form.js';
import { RoomIcon } from './room-icon.js';
import { roomTitle } from './room-title.js';

/** A room's name, topic and kind; the owner's changes; inviting, its address, leaving. */
export function RoomDetails({ room, onClose }: { room: Room; onClose: () => void }) {
  const { t, i18n } = useTranslation();
  const [step, setStep] = useState<'details' | 'invite' | 'leave' | 'block'>('details');
  const title = roomTitle(t, room);
  const isOwner = room.role === 'owner' && room.kind !== 'direct';
  const mayInvite = room.kind === 'public' || (room.kind === 'private' && isOwner);
  const kindText = { public: 'room.publicRoom', private: 'room.privateRoom', direct: 'room.directRoom' } as const;

  if (step === 'invite') return <InviteDialog room={room} onClose={onClose} />;
  if (step === 'block' && room.peer) return <BlockDialog user={room.peer} onClose={onClose} />;
  if (step === 'leave') return <LeaveDialog room={room} onClose={onClose} />;
  return (
    <Dialog title={t('room.detailsTitle')} onClose={onClose}>
      <div className={styles.summary}>
        <RoomIcon room={room} title={title} />
        <div className={styles.words}>
          <p className={styles.name}>{title}</p>
          <p className={styles.facts}>
            {t(kindText[room.kind])} · {t('room.members', { count: room.members })} ·{' '}
            {t('room.created', { date: formatDate(languageOf(i18n), room.createdAt) })}
          </p>
        </div>
      </div>
      {isOwner ? <RoomForm room={room} /> : room.kind !== 'direct' && <Topic text={room.topic} />}
      <div className={styles.actions}>
        {mayInvite && (
          <Button onClick={() => setStep('invite')}>
            <UserPlus size={17} aria-hidden />
            {t('room.invite')}
          </Button>
        )}
        {room.kind === 'public' && <CopyLink />}
        {room.kind === 'direct' ? (
          <DirectActions room={room} onBlock={() => setStep('block')} onClose={onClose} />
        ) : (
          <Button className={classNames(styles.last, styles.leave)} onClick={() => setStep('leave')}>
            <LogOut size={17} aria-hidden />
            {t('room.leave')}
          </Button>
        )}
      </div>
    </Dialog>
  );
}

/** A direct room is not left but hidden, and its other user can be blocked. */
function DirectActions({ room, onBlock, onClose }: { room: Room; onBlock: () => void; onClose: () => void }) {
  const { t } = useTranslation();
  const client = useClient();
  const [, go] = useLocation();
  const unblock = useUnblock();
  const { peer } = room;
  const hide = async () => {
    try {
      await client.call('room.hide', { room: room.id });
      onClose();
      go('/');
      showToast(t('room.hidden'));
    } catch (error) {
      showToast(errorText(t, error));
    }
  };
  return (
    <>
      <Button onClick={() => void hide()}>
        <EyeOff size={17} aria-hidden />
        {t('room.hide')}
      </Button>
      {peer && (
        <Button
          className={classNames(styles.last, !room.blocked && styles.leave)}
          onClick={() => (room.blocked ? void unblock(peer.id) : onBlock())}
        >
          <Ban size={17} aria-hidden />
          {t(room.blocked ? 'block.unblock' : 'block.block')}
        </Button>
      )}
    </>
  );
}

function Topic({ text }: { text: string }) {
  const { t } = useTranslation();
  return (
    <div>
      <h3 className={styles.label}>{t('room.topic')}</h3>
      <p className={text ? undefined : styles.facts}>{text || t('room.topicEmpty')}</p>
    </div>
  );
}

function CopyLink() {
  const { t } = useTranslation();
  const [isCopied, setIsCopied] = useState(false);
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(location.href);
      setIsCopied(true);
    } catch {
      showToast(t('room.copyFailed'));
    }
  };
  return (
    <Button onClick={() => void copy()}>
      <Link size={17} aria-hidden />
      <span role="status">{t(isCopied ? 'room.copied' : 'room.copyLink')}</span>
    </Button>
  );
}
