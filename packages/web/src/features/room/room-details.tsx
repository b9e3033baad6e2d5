import type { Room, UserRef } from '@madang/protocol';
import { Ban, EyeOff, Link, LogOut, UserPlus } from 'lucide-react';
import { useState } from 'react';
import { languageOf } from '../../i18n/i18n.js';
import { useTexts } from '../../i18n/use-texts.js';
import { useClient } from '../../state/client-provider.js';
import { errorText } from '../../state/error-text.js';
import { goToRooms } from '../../state/history.js';
import { formatDate } from '../../state/format-time.js';
import { Button } from '../../ui/button.js';
import { classNames } from '../../ui/class-names.js';
import { copyToClipboard } from '../../ui/clipboard.js';
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

/** A room's name, topic and kind, and what the user may do with it. */
export function RoomDetails({ room, onClose }: { room: Room; onClose: () => void }) {
  const { t, i18n } = useTexts();
  const [step, setStep] = useState<'details' | 'invite' | 'leave' | 'block'>('details');
  const title = roomTitle(t, room);
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
      {room.can.manage ? <RoomForm room={room} /> : room.kind !== 'direct' && <Topic text={room.topic} />}
      <div className={styles.actions}>
        {room.can.invite && (
          <Button onClick={() => setStep('invite')}>
            <UserPlus size={17} aria-hidden />
            {t('room.invite')}
          </Button>
        )}
        {room.kind === 'public' && <CopyLink />}
        {room.can.hide && <HideButton room={room} onClose={onClose} />}
        {room.peer && (
          <BlockButton peer={room.peer} isBlocked={room.blocked === true} onBlock={() => setStep('block')} />
        )}
        {room.can.leave && (
          <Button className={classNames(styles.last, styles.leave)} onClick={() => setStep('leave')}>
            <LogOut size={17} aria-hidden />
            {t('room.leave')}
          </Button>
        )}
      </div>
    </Dialog>
  );
}

/** Takes a direct room, which can't be left, out of the list. */
function HideButton({ room, onClose }: { room: Room; onClose: () => void }) {
  const { t } = useTexts();
  const client = useClient();
  const hide = async () => {
    try {
      await client.call('room.hide', { room: room.id });
      onClose();
      goToRooms();
      showToast(t('room.hidden'));
    } catch (error) {
      showToast(errorText(t, error));
    }
  };
  return (
    <Button onClick={() => void hide()}>
      <EyeOff size={17} aria-hidden />
      {t('room.hide')}
    </Button>
  );
}

/** Blocks the other person of a direct room, or ends that. */
function BlockButton({ peer, isBlocked, onBlock }: { peer: UserRef; isBlocked: boolean; onBlock: () => void }) {
  const { t } = useTexts();
  const unblock = useUnblock();
  return (
    <Button
      className={classNames(styles.last, !isBlocked && styles.leave)}
      onClick={() => (isBlocked ? void unblock(peer.id) : onBlock())}
    >
      <Ban size={17} aria-hidden />
      {t(isBlocked ? 'block.unblock' : 'block.block')}
    </Button>
  );
}

function Topic({ text }: { text: string }) {
  const { t } = useTexts();
  return (
    <div>
      <h3 className={styles.label}>{t('room.topic')}</h3>
      <p className={text ? undefined : styles.facts}>{text || t('room.topicEmpty')}</p>
    </div>
  );
}

function CopyLink() {
  const { t } = useTexts();
  const copy = async () => showToast(t((await copyToClipboard(location.href)) ? 'room.copied' : 'room.copyFailed'));
  return (
    <Button onClick={() => void copy()}>
      <Link size={17} aria-hidden />
      {t('room.copyLink')}
    </Button>
  );
}
