import type { ViewMessage } from '@madang/client';
import { Copy, Pencil, Trash2 } from 'lucide-react';
import type { ComponentType } from 'react';
import { useTexts } from '../../i18n/use-texts.js';
import { type MessageActionProps, parts } from '../parts.js';
import { useMessageActions } from './use-actions.js';

export interface MessageActionsProps {
  message: ViewMessage;
  /** How an action looks here. */
  Button: ComponentType<MessageActionProps>;
  onEdit: () => void;
  onDelete: () => void;
}

/** What the user may do with a message, apart from reactions. */
export function MessageActions({ message, Button, onEdit, onDelete }: MessageActionsProps) {
  const { t } = useTexts();
  const { copyText } = useMessageActions();
  return (
    <>
      {message.can?.edit && <Button label={t('message.edit')} Icon={Pencil} onClick={onEdit} />}
      {message.delivery === 'sent' &&
        parts.map(
          ({ name, MessageButton }) => MessageButton && <MessageButton key={name} message={message} Button={Button} />,
        )}
      <Button label={t('message.copy')} Icon={Copy} onClick={() => void copyText(message.text)} />
      {message.can?.delete && <Button label={t('message.delete')} Icon={Trash2} isDanger onClick={onDelete} />}
    </>
  );
}
