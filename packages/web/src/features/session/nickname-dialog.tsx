import { normalizeName } from '@madang/protocol';
import { type FormEvent, useState } from 'react';
import { useTexts } from '../../i18n/use-texts.js';
import { useClient, useUser } from '../../state/client-provider.js';
import { nicknameError, nicknameRefusal } from '../../state/name-error.js';
import { Button } from '../../ui/button.js';
import { Dialog, DialogActions } from '../../ui/dialog.js';
import { TextField } from '../../ui/field.js';
import styles from './form.module.css';

/** Changes the caller's nickname. */
export function NicknameDialog({ onClose }: { onClose: () => void }) {
  const { t } = useTexts();
  const client = useClient();
  const user = useUser();
  const [name, setName] = useState(user.name);
  const [error, setError] = useState<string>();
  const [isBusy, setIsBusy] = useState(false);

  const submit = async (event: FormEvent) => {
    event.preventDefault();
    const problem = nicknameError(t, name);
    setError(problem);
    if (problem || isBusy) return;
    if (normalizeName(name) === user.name) return onClose();
    setIsBusy(true);
    try {
      await client.call('user.update', { name: normalizeName(name) });
      onClose();
    } catch (thrown) {
      setError(nicknameRefusal(t, thrown));
      setIsBusy(false);
    }
  };

  return (
    <Dialog title={t('session.changeNickname')} onClose={onClose}>
      <form className={styles.form} onSubmit={(event) => void submit(event)} noValidate>
        <TextField label={t('session.nickname')} value={name} onValueChange={setName} error={error} data-autofocus />
        <DialogActions>
          <Button onClick={onClose}>{t('action.cancel')}</Button>
          <Button type="submit" tone="primary" isBusy={isBusy}>
            {t('action.save')}
          </Button>
        </DialogActions>
      </form>
    </Dialog>
  );
}
