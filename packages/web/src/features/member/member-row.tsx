import type { Member } from '@madang/client';
import { MessageCircle, UserMinus } from 'lucide-react';
import { memo } from 'react';
import { useTexts } from '../../i18n/use-texts.js';
import { useAbilities } from '../../state/client-provider.js';
import { Avatar } from '../../ui/avatar.js';
import { classNames } from '../../ui/class-names.js';
import { Menu, MenuItem } from '../../ui/menu.js';
import { usePresenceText } from '../presence/use-presence-text.js';
import styles from './member-row.module.css';
import { useOpenDirect } from './use-open-direct.js';

export interface MemberRowProps {
  member: Member;
  isSelf: boolean;
  mayRemove: boolean;
  onRemove: (member: Member) => void;
}

/** A member, with a menu of possible actions, if there are any. */
export const MemberRow = memo(function MemberRow({ member, isSelf, mayRemove, onRemove }: MemberRowProps) {
  const { t } = useTexts();
  const openDirect = useOpenDirect();
  const { openDirects } = useAbilities();
  if (isSelf || (!openDirects && !mayRemove)) {
    return (
      <div className={classNames(styles.row, member.presence === 'offline' && styles.offline)}>
        <MemberWords member={member} isSelf={isSelf} />
      </div>
    );
  }
  return (
    <Menu
      align="start"
      trigger={
        <button
          type="button"
          className={classNames(styles.row, styles.button, member.presence === 'offline' && styles.offline)}
          aria-label={t('member.menu', { name: member.user.name })}
        >
          <MemberWords member={member} />
        </button>
      }
    >
      {openDirects && (
        <MenuItem icon={<MessageCircle size={17} aria-hidden />} onSelect={() => void openDirect(member.user.id)}>
          {t('member.direct')}
        </MenuItem>
      )}
      {mayRemove && (
        <MenuItem icon={<UserMinus size={17} aria-hidden />} isDanger onSelect={() => onRemove(member)}>
          {t('member.remove')}
        </MenuItem>
      )}
    </Menu>
  );
});

function MemberWords({ member, isSelf }: { member: Member; isSelf?: boolean }) {
  const { t } = useTexts();
  const presenceText = usePresenceText();
  return (
    <>
      <Avatar id={member.user.id} name={member.user.name} size="small" presence={member.presence} />
      <span className={styles.words}>
        <span className={styles.name}>
          <span className={styles.nameText} title={member.user.name} translate="no">
            {member.user.name}
          </span>
          {isSelf && <span className={styles.tag}>{t('member.you')}</span>}
          {member.role === 'owner' && <span className={styles.tag}>{t('member.owner')}</span>}
        </span>
        {member.presence === 'offline' && member.lastSeen !== undefined && (
          <span className={styles.seen}>{presenceText(member)}</span>
        )}
      </span>
    </>
  );
}
