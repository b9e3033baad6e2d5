import { type ComponentType, useEffect, useState } from 'react';
import { languageOf, ownLanguages, setLanguage } from '../../i18n/i18n.js';
import { useTexts } from '../../i18n/use-texts.js';
import { useAbilities, useUser } from '../../state/client-provider.js';
import { formatBytes } from '../../state/format-bytes.js';
import { setKeepsMessages, useKeepsMessages } from '../../state/kept-messages.js';
import { openDialog } from '../../state/page-dialog.js';
import { setTheme, type Theme, themes, useTheme } from '../../state/theme.js';
import { useUnsentCount } from '../../state/use-unsent.js';
import { checkVersion, ownVersion, reloadPage, useNewVersion } from '../../state/version.js';
import { Button } from '../../ui/button.js';
import { OptionRow } from '../../ui/option-row.js';
import { showToast } from '../../ui/toast.js';
import { themeText } from '../action/actions.js';
import type { SettingId } from './settings.js';
import styles from './settings-page.module.css';

/** What each setting shows beside its title. */
export const settingViews: Record<SettingId, ComponentType> = {
  nickname: Nickname,
  unsent: UnsentTexts,
  blocked: Blocked,
  language: LanguageChoice,
  theme: ThemeChoice,
  offline: OfflineMessages,
  shortcuts: Shortcuts,
  version: Version,
  session: Session,
};

function Nickname() {
  const { t } = useTexts();
  const { name } = useUser();
  return (
    <>
      <p className={styles.text} translate="no">
        {name}
      </p>
      <Button size="small" onClick={() => openDialog('nickname')}>
        {t('settings.change')}
      </Button>
    </>
  );
}

function UnsentTexts() {
  const { t } = useTexts();
  const count = useUnsentCount();
  return (
    <>
      <p className={styles.text}>{count > 0 ? t('settings.unsentText', { count }) : t('unsent.none')}</p>
      <Button size="small" onClick={() => openDialog('unsent')}>
        {t('settings.show')}
      </Button>
    </>
  );
}

function Blocked() {
  const { t } = useTexts();
  return (
    <>
      <p className={styles.text}>{t('settings.blockedText')}</p>
      <Button size="small" onClick={() => openDialog('blocked')}>
        {t('settings.show')}
      </Button>
    </>
  );
}

function LanguageChoice() {
  const { t, i18n } = useTexts();
  return (
    <OptionRow
      label={t('settings.language')}
      value={languageOf(i18n)}
      options={ownLanguages}
      onChange={(language) => void setLanguage(language)}
    />
  );
}

function ThemeChoice() {
  const { t } = useTexts();
  return (
    <OptionRow<Theme>
      label={t('settings.theme')}
      value={useTheme()}
      options={themes.map((value) => ({ value, label: t(themeText[value]) }))}
      onChange={setTheme}
    />
  );
}

function OfflineMessages() {
  const { t, i18n } = useTexts();
  const { signOut } = useAbilities();
  const isKeeping = useKeepsMessages();
  const [used, setUsed] = useState<number>();
  useEffect(() => {
    let isCurrent = true;
    const measure = async () => {
      // Absent over plain HTTP.
      const estimate = await navigator.storage?.estimate?.();
      if (isCurrent) setUsed(estimate?.usage);
    };
    void measure().catch(() => {});
    return () => {
      isCurrent = false;
    };
    // Turning it off frees space, and turning it on takes some.
    // oxlint-disable-next-line react/exhaustive-effect-dependencies
  }, [isKeeping]);
  const choose = async (isOn: boolean) => {
    try {
      await setKeepsMessages(isOn);
    } catch {
      showToast(t(isOn ? 'settings.offlineNotKept' : 'settings.offlineNotDeleted'));
    }
  };
  if (!signOut) return <p className={styles.text}>{t('settings.offlineHost')}</p>;
  return (
    <>
      <p className={styles.text}>
        {t('settings.offlineText')}
        {used !== undefined &&
          used > 0 &&
          ` ${t('settings.offlineUsed', { size: formatBytes(languageOf(i18n), used) })}`}
      </p>
      <OptionRow
        label={t('settings.offline')}
        value={isKeeping ? 'on' : 'off'}
        options={[
          { value: 'on', label: t('settings.offlineOn') },
          { value: 'off', label: t('settings.offlineOff') },
        ]}
        onChange={(choice) => void choose(choice === 'on')}
      />
    </>
  );
}

function Shortcuts() {
  const { t } = useTexts();
  return (
    <>
      <p className={styles.text}>{t('settings.shortcutsText')}</p>
      <Button size="small" onClick={() => openDialog('shortcuts')}>
        {t('settings.show')}
      </Button>
    </>
  );
}

function Version() {
  const { t } = useTexts();
  const isOutdated = useNewVersion();
  const [state, setState] = useState<'idle' | 'busy' | 'newest' | 'failed'>('idle');
  const check = async () => {
    setState('busy');
    setState((await checkVersion()) ? 'newest' : 'failed');
  };
  return (
    <>
      <p className={styles.text} role="status">
        {ownVersion() ?? t('settings.versionUnknown')}
        {isOutdated && ` · ${t('connection.newVersion')}`}
        {!isOutdated && state === 'newest' && ` · ${t('settings.newest')}`}
        {!isOutdated && state === 'failed' && ` · ${t('settings.checkFailed')}`}
      </p>
      {isOutdated ? (
        <Button size="small" onClick={reloadPage}>
          {t('part.reload')}
        </Button>
      ) : (
        <Button size="small" isBusy={state === 'busy'} onClick={() => void check()}>
          {t('settings.check')}
        </Button>
      )}
    </>
  );
}

function Session() {
  const { t } = useTexts();
  const { name } = useUser();
  return (
    <>
      <p className={styles.text}>{t('settings.signOutText', { name })}</p>
      <Button size="small" onClick={() => openDialog('sign-out')}>
        {t('session.signOut')}
      </Button>
    </>
  );
}
