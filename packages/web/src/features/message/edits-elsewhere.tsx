import type { MessageList } from '@madang/client';
import { useTexts } from '../../i18n/use-texts.js';
import { useObservable } from '../../state/client-provider.js';
import { usePage } from '../../state/page.js';
import { useEdits } from '../../state/use-unsent.js';
import { Button } from '../../ui/button.js';
import styles from './edits-elsewhere.module.css';
import { jumpTo } from './jump.js';

/** Leads to edits in progress whose messages are not in the list that is open. */
export function EditsElsewhere({ room, list }: { room: string; list: MessageList }) {
  const { t } = useTexts();
  const { status, messages } = useObservable(list);
  const { unsent } = usePage();
  const ids = useEdits({ isOpen: false });
  if (status !== 'ready' || ids.length === 0) return null;
  const loaded = new Set(messages.map(({ id }) => id));
  const elsewhere = unsent
    .all()
    .flatMap(({ edit, room: of }) => (edit && of === room && !loaded.has(edit.message) ? [edit] : []));
  const [first] = elsewhere;
  if (!first) return null;
  return (
    <div className={styles.note}>
      <span role="status">{t('message.editsElsewhere', { count: elsewhere.length })}</span>
      <Button size="small" onClick={() => jumpTo({ room, seq: first.seq })}>
        {t('message.editsShow')}
      </Button>
    </div>
  );
}
