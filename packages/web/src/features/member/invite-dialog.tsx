import { nameSearch, type Room, type UserRef } from '@madang/protocol';
import { SearchX, UserRoundX } from 'lucide-react';
import { useState } from 'react';
import { useTexts } from '../../i18n/use-texts.js';
import { useClient } from '../../state/client-provider.js';
import { errorText } from '../../state/error-text.js';
import { Avatar } from '../../ui/avatar.js';
import { Button } from '../../ui/button.js';
import { Dialog } from '../../ui/dialog.js';
import { Empty } from '../../ui/empty.js';
import { ListEntry } from '../../ui/list.js';
import { PartFailure } from '../../ui/part.js';
import { SearchField } from '../../ui/search-field.js';
import { SkeletonRows } from '../../ui/skeleton.js';
import styles from './invite-dialog.module.css';
import { useAcquaintances } from './use-acquaintances.js';

/** Invites users who share another room with the caller. */
export function InviteDialog({ room, onClose }: { room: Room; onClose: () => void }) {
  const { t } = useTexts();
  const [search, setSearch] = useState('');
  const people = useAcquaintances(room.id);
  const isFound = nameSearch(search);
  const all = people.answer;
  const shown = all?.filter((person) => isFound(person.name));
  return (
    <Dialog title={t('room.inviteTitle', { name: room.name })} onClose={onClose}>
      <SearchField label={t('room.inviteSearch')} value={search} onValueChange={setSearch} data-autofocus />
      <div className={styles.people} aria-busy={!shown && !people.error}>
        {people.error !== undefined && <PartFailure text={errorText(t, people.error)} onRetry={people.retry} />}
        {!shown && people.error === undefined && <SkeletonRows count={4} hasAvatar />}
        {shown?.length === 0 && all?.length !== 0 && (
          <Empty icon={<SearchX size={28} aria-hidden />} title={t('palette.emptyPeople')} />
        )}
        {all?.length === 0 && (
          <Empty icon={<UserRoundX size={28} aria-hidden />} title={t('room.inviteEmpty')}>
            {t('room.inviteEmptyText')}
          </Empty>
        )}
        <ul>
          {shown?.map((person) => (
            <PersonEntry key={person.id} room={room} person={person} />
          ))}
        </ul>
      </div>
    </Dialog>
  );
}

function PersonEntry({ room, person }: { room: Room; person: UserRef }) {
  const { t } = useTexts();
  const client = useClient();
  const [outcome, setOutcome] = useState<'busy' | 'invited'>();
  const [error, setError] = useState<string>();
  const invite = async () => {
    if (outcome) return;
    setOutcome('busy');
    try {
      await client.call('room.invite', { room: room.id, user: person.id });
      setOutcome('invited');
    } catch (thrown) {
      setError(errorText(t, thrown));
      setOutcome(undefined);
    }
  };
  return (
    <ListEntry
      icon={<Avatar id={person.id} name={person.name} size="small" />}
      title={person.name}
      text={
        error && (
          <p className={styles.error} role="alert">
            {error}
          </p>
        )
      }
    >
      <Button
        size="small"
        isBusy={outcome === 'busy'}
        disabled={outcome === 'invited'}
        aria-label={`${t(outcome === 'invited' ? 'room.invited' : 'room.invite')}: ${person.name}`}
        onClick={() => void invite()}
      >
        {t(outcome === 'invited' ? 'room.invited' : 'room.invite')}
      </Button>
    </ListEntry>
  );
}
