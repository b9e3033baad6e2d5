import { formatLimits, normalizeName, type Room } from '@madang/protocol';
import { type FormEvent, useState } from 'react';
import { useTexts } from '../../i18n/use-texts.js';
import { useClient } from '../../state/client-provider.js';
import { nameError, roomRefusal } from '../../state/name-error.js';
import { Button } from '../../ui/button.js';
import { DialogActions } from '../../ui/dialog.js';
import { TextField } from '../../ui/field.js';
import styles from './form.module.css';

/** A room's name and topic, for users who may change them. */
export function RoomForm({ room }: { room: Room }) {
  const { t } = useTexts();
  const client = useClient();
  const [name, setName] = useState(room.name);
  const [topic, setTopic] = useState(room.topic);
  const [error, setError] = useState<string>();
  const [outcome, setOutcome] = useState<'busy' | 'saved'>();
  const isChanged = normalizeName(name) !== room.name || topic.trim() !== room.topic;

  const submit = async (event: FormEvent) => {
    event.preventDefault();
    const problem = nameError(t, name, formatLimits.roomNameChars);
    setError(problem);
    if (problem || !isChanged || outcome === 'busy') return;
    setOutcome('busy');
    try {
      await client.call('room.update', {
        room: room.id,
        ...(normalizeName(name) !== room.name && { name: normalizeName(name) }),
        ...(topic.trim() !== room.topic && { topic: topic.trim() }),
      });
      setOutcome('saved');
    } catch (thrown) {
      setError(roomRefusal(t, thrown));
      setOutcome(undefined);
    }
  };

  return (
    <form className={styles.form} onSubmit={(event) => void submit(event)} noValidate>
      <TextField label={t('room.name')} value={name} onValueChange={setName} error={error} />
      <TextField
        label={t('room.topic')}
        hint={t('room.topicHint')}
        value={topic}
        onValueChange={setTopic}
        maxLength={formatLimits.topicChars}
      />
      <DialogActions>
        <span className={styles.saved} role="status">
          {outcome === 'saved' && !isChanged && t('room.saved')}
        </span>
        <Button type="submit" tone="primary" disabled={!isChanged} isBusy={outcome === 'busy'}>
          {t('action.save')}
        </Button>
      </DialogActions>
    </form>
  );
}
