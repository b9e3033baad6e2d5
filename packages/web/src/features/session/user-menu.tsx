import { Ban, ChevronsUpDown, FilePen, Keyboard, LogOut, PencilLine } from 'lucide-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { Language } from '@madang/protocol';
import { languageOf, setLanguage } from '../../i18n/i18n.js';
import { useAbilities, useClient, useObservable, useUser } from '../../state/client-provider.js';
import { setTheme, type Theme, useTheme } from '../../state/theme.js';
import { useUnsentCount } from '../../state/use-unsent.js';
import { Avatar } from '../../ui/avatar.js';
import { Menu, MenuChoice, MenuItem, MenuSeparator } from '../../ui/menu.js';
import { DialogPart } from '../../ui/part.js';
import { BlockedDialog } from '../block/blocked-dialog.js';
import { UnsentDialog } from '../unsent/unsent-dialog.js';
import { ShortcutsDialog } from '../help/shortcuts-dialog.js';
import { NicknameDialog } from './nickname-dialog.js';
import { SignOutDialog } from './sign-out-dialog.js';
import styles from './user-menu.module.css';

/** The user's own menu: nickname, language, theme, signing out. */
export function UserMenu() {
  const { t } = useTranslation();
  const user = useUser();
  const unsent = useUnsentCount();
  const { rename, signOut } = useAbilities();
  const { status } = useObservable(useClient().state);
  const [dialog, setDialog] = useState<'nickname' | 'unsent' | 'blocked' | 'shortcuts' | 'sign-out'>();
  const close = () => setDialog(undefined);
  return (
    <div className={styles.bar}>
      <Menu
        align="start"
        side="top"
        trigger={
          <button type="button" className={styles.me} aria-label={t('session.userMenu', { name: user.name })}>
            <Avatar id={user.id} name={user.name} size="small" presence={status === 'online' ? 'online' : 'offline'} />
            <span className={styles.name} title={user.name} translate="no">
              {user.name}
            </span>
            <ChevronsUpDown size={16} aria-hidden />
          </button>
        }
      >
        {rename && (
          <MenuItem icon={<PencilLine size={17} aria-hidden />} onSelect={() => setDialog('nickname')}>
            {t('session.changeNickname')}
          </MenuItem>
        )}
        <MenuItem icon={<FilePen size={17} aria-hidden />} onSelect={() => setDialog('unsent')}>
          {unsent > 0 ? t('unsent.titleCount', { count: unsent }) : t('unsent.title')}
        </MenuItem>
        <MenuItem icon={<Ban size={17} aria-hidden />} onSelect={() => setDialog('blocked')}>
          {t('block.list')}
        </MenuItem>
        <MenuItem icon={<Keyboard size={17} aria-hidden />} onSelect={() => setDialog('shortcuts')}>
          {t('shortcuts.title')}
        </MenuItem>
        <MenuSeparator />
        <LanguageChoice />
        <ThemeChoice />
        {signOut && (
          <>
            <MenuSeparator />
            <MenuItem icon={<LogOut size={17} aria-hidden />} isDanger onSelect={() => setDialog('sign-out')}>
              {t('session.signOut')}
            </MenuItem>
          </>
        )}
      </Menu>
      {dialog && (
        <DialogPart onClose={close}>
          {dialog === 'nickname' && <NicknameDialog onClose={close} />}
          {dialog === 'unsent' && <UnsentDialog onClose={close} />}
          {dialog === 'blocked' && <BlockedDialog onClose={close} />}
          {dialog === 'shortcuts' && <ShortcutsDialog onClose={close} />}
          {dialog === 'sign-out' && <SignOutDialog onClose={close} />}
        </DialogPart>
      )}
    </div>
  );
}

const LANGUAGES: readonly { value: Language; label: string; lang: string }[] = [
  { value: 'ko', label: '한국어', lang: 'ko' },
  { value: 'en', label: 'English', lang: 'en' },
];

function LanguageChoice() {
  const { t, i18n } = useTranslation();
  return (
    <MenuChoice
      label={t('session.language')}
      value={languageOf(i18n)}
      options={LANGUAGES}
      onChange={(language) => void setLanguage(language)}
    />
  );
}

function ThemeChoice() {
  const { t } = useTranslation();
  const options: readonly { value: Theme; label: string }[] = [
    { value: 'system', label: t('session.themeSystem') },
    { value: 'light', label: t('session.themeLight') },
    { value: 'dark', label: t('session.themeDark') },
  ];
  return <MenuChoice label={t('session.theme')} value={useTheme()} options={options} onChange={setTheme} />;
}
