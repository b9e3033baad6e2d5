import { Popover } from 'radix-ui';
import { type ReactNode, use, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useBackCloses } from '../../state/history.js';
import { endsComposition } from '../../ui/composition.js';
import { lazyPart } from '../../ui/lazy-part.js';
import { PortalContainer } from '../../ui/portal.js';
import styles from './emoji-popover.module.css';

/** The emoji to choose from. */
export const emojiPicker = lazyPart(() => import('./emoji-picker.js'), 'EmojiPicker');

export interface EmojiPopoverProps {
  /** The button that opens it. */
  trigger: ReactNode;
  onPick: (emoji: string) => void;
  onOpenChange?: (isOpen: boolean) => void;
  /** The element to focus when it closes; the button if absent. */
  focusAfter?: () => HTMLElement | null;
}

/** The emoji picker, attached to a button; loaded when first opened. */
export function EmojiPopover({ trigger, onPick, onOpenChange, focusAfter }: EmojiPopoverProps) {
  const { t } = useTranslation();
  const container = use(PortalContainer);
  const [isOpen, setIsOpen] = useState(false);
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
