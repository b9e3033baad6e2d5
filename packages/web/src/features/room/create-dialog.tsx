import { formatLimits, normalizeName } from '@madang/protocol';
import { type FormEvent, useState } from 'react';
import { useLocation } from 'wouter';
import { useTexts } from '../../i18n/use-texts.js';
import { useClient } from '../../state/client-provider.js';
import { nameError, roomRefusal } from '../../state/name-error.js';
import { Button } from '../../ui/button.js';
import { Choice } from '../../ui/choice.js';
import { Dialog, DialogActions } from '../../ui/dialog.js';
import { TextField } from '../../ui/field.js';
import styles from './form.module.css';

/** Creates a public or a private room and goes there. */
export function CreateDialog({ onClose }: { onClose: () => void }) {
  const { t } = useTexts();
  const client = useClient();
  const [, go] = useLocation();
  const [name, setName] = useState('');
  const [topic, setTopic] = useState('');
  const [kind, setKind] = useState<'public' | 'private'>('public');
  const [error, setError] = useState<string>();
  const [isBusy, setIsBusy] = useState(false);

  const submit = async (event: FormEvent) => {
    event.preventDefault();
    const problem = nameError(t, name, formatLimits.roomNameChars);
    setError(problem);
    if (problem || isBusy) return;
    setIsBusy(true);
    try {
      const { room } = await client.call('room.create', { name: normalizeName(name), topic: topic.trim(), kind });
      onClose();
      go(`/r/${room.id}`);
    } catch (thrown) {
      setError(roomRefusal(t, thrown));
      setIsBusy(false);
    }
  };

  return (
    <Dialog title={t('room.createTitle')} onClose={onClose}>
      <form className={styles.form} onSubmit={(event) => void submit(event)} noValidate>
        <TextField
          label={t('room.name')}
          placeholder={t('room.namePlaceholder')}
          value={name}
          onValueChange={setName}
          error={error}
          data-autofocus
        />
        <TextField
          label={t('room.topic')}
          hint={t('room.topicHint')}
          value={topic}
          onValueChange={setTopic}
          maxLength={formatLimits.topicChars}
        />
        <Choice<'public' | 'private'>
          label={t('room.kind')}
          value={kind}
          onChange={setKind}
          options={[
            { value: 'public', label: t('room.kindPublic'), hint: t('room.kindPublicHint') },
            { value: 'private', label: t('room.kindPrivate'), hint: t('room.kindPrivateHint') },
          ]}
        />
        <DialogActions>
          <Button onClick={onClose}>{t('action.cancel')}</Button>
          <Button type="submit" tone="primary" isBusy={isBusy}>
            {t('action.create')}
          </Button>
        </DialogActions>
      </form>
    </Dialog>
  );
}
