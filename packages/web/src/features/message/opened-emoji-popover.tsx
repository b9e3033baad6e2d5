import { Popover } from 'radix-ui';
import { use, useState } from 'react';
import { useTexts } from '../../i18n/use-texts.js';
import { useBackCloses } from '../../state/history.js';
import { endsComposition } from '../../ui/composition.js';
import { PortalContainer } from '../../ui/portal.js';
import { emojiPicker, type EmojiPopoverProps } from './emoji-popover.js';
import styles from './emoji-popover.module.css';

/** The emoji picker, attached to a button. It begins open. */
export function OpenedEmojiPopover({ trigger, onPick, onOpenChange, focusAfter }: EmojiPopoverProps) {
  const { t } = useTexts();
  const container = use(PortalContainer);
  const [isOpen, setIsOpen] = useState(true);
  const change = (next: boolean) => {
    setIsOpen(next);
    onOpenChange?.(next);
  };
  useBackCloses(isOpen, () => change(false));
  return (
    <Popover.Root open={isOpen} onOpenChange={change}>
      <Popover.Trigger asChild>{trigger}</Popover.Trigger>
      <Popover.Portal container={container}>
        <Popover.Content
          className={styles.popover}
          aria-label={t('emoji.title')}
          side="top"
          align="end"
          sideOffset={6}
          collisionPadding={12}
          onEscapeKeyDown={(event) => {
            if (endsComposition(event)) event.preventDefault();
          }}
          onCloseAutoFocus={(event) => {
            const element = focusAfter?.();
            if (!element) return;
            event.preventDefault();
            element.focus();
          }}
        >
          <div className={styles.place}>
            <emojiPicker.View
              fallback={<p className={styles.loading}>{t('emoji.loading')}</p>}
              onPick={(emoji) => {
                change(false);
                onPick(emoji);
              }}
            />
          </div>
        </Popover.Content>
      </Popover.Portal>
    </Popover.Root>
  );
}
