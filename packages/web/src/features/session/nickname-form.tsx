import { normalizeName } from '@madang/protocol';
import { type FormEvent, useState } from 'react';
import { languageOf, setLanguage } from '../../i18n/i18n.js';
import { useTexts } from '../../i18n/use-texts.js';
import { useClient } from '../../state/client-provider.js';
import { useOwnership } from '../../state/page.js';
import { nicknameError, nicknameRefusal } from '../../state/name-error.js';
import { Button } from '../../ui/button.js';
import { TextField } from '../../ui/field.js';
import { lazyPart } from '../../ui/lazy-part.js';
import { Logo } from '../../ui/logo.js';
import styles from './nickname-form.module.css';

const sessionNotice = lazyPart(() => import('./session-notice.js'), 'SessionNotice');

/** The gate: a guest chooses a nickname and enters. */
export function NicknameForm() {
  const { t, i18n } = useTexts();
  const client = useClient();
  const language = languageOf(i18n);
  const ownership = useOwnership();
  const [name, setName] = useState('');
  const [error, setError] = useState<string>();
  const [isBusy, setIsBusy] = useState(false);

  const submit = async (event: FormEvent) => {
    event.preventDefault();
    const problem = nicknameError(t, name);
    setError(problem);
    if (problem || isBusy) return;
    setIsBusy(true);
    try {
      await client.signIn({ name: normalizeName(name) });
    } catch (thrown) {
      setError(nicknameRefusal(t, thrown));
      setIsBusy(false);
    }
  };

  return (
    <main className={styles.page}>
      <div className={styles.card}>
        <Logo size={64} />
        <h1>{t('session.title')}</h1>
        <p className={styles.lead}>{t('session.lead')}</p>
        {ownership.kind === 'nobody' && (ownership.left || ownership.elsewhere) && (
          <sessionNotice.View {...ownership} fallback={null} />
        )}
        <form className={styles.form} onSubmit={(event) => void submit(event)} noValidate>
          <TextField
            label={t('session.nickname')}
            hint={t('session.nicknameHint')}
            placeholder={t('session.nicknamePlaceholder')}
            value={name}
            onValueChange={(value) => {
              setName(value);
              setError(undefined);
            }}
            error={error}
            autoFocus
            spellCheck={false}
            enterKeyHint="go"
          />
          <Button type="submit" tone="primary" isBusy={isBusy} className={styles.start}>
            {t('session.start')}
          </Button>
        </form>
      </div>
      <Button
        size="small"
        className={styles.language}
        lang={language === 'ko' ? 'en' : 'ko'}
        onClick={() => void setLanguage(language === 'ko' ? 'en' : 'ko')}
      >
        {language === 'ko' ? 'English' : '한국어'}
      </Button>
    </main>
  );
}
