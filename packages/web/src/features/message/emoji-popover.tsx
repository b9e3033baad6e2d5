import { cloneElement, type ReactElement, useState } from 'react';
import type { IconButtonProps } from '../../ui/icon-button.js';
import { lazyPart } from '../../ui/lazy-part.js';
import { FailedDialog } from '../../ui/part.js';

/** The emoji to choose from. */
export const emojiPicker = lazyPart(() => import('./emoji-picker.js'), 'EmojiPicker');

const opened = lazyPart(
  () => import('./opened-emoji-popover.js'),
  'OpenedEmojiPopover',
  ({ trigger, onGone }: OpenedProps, failure) => (
    <>
      {trigger}
      <FailedDialog onClose={onGone}>{failure}</FailedDialog>
    </>
  ),
);

export interface EmojiPopoverProps {
  /** The button that opens it. */
  trigger: ReactElement<IconButtonProps>;
  onPick: (emoji: string) => void;
  onOpenChange?: (isOpen: boolean) => void;
  /** The element to focus when it closes; the button if absent. */
  focusAfter?: () => HTMLElement | null;
}

interface OpenedProps extends EmojiPopoverProps {
  /** It could not be loaded, and the user has closed what said so. */
  onGone: () => void;
}

/** The emoji picker, attached to a button. Until somebody is about to open it there is only the button. */
export function EmojiPopover(props: EmojiPopoverProps) {
  const { trigger, onOpenChange } = props;
  const [isUsed, setIsUsed] = useState(false);
  const use = (next: boolean) => {
    setIsUsed(next);
    onOpenChange?.(next);
  };
  const button = cloneElement(trigger, {
    'aria-haspopup': 'dialog',
    'aria-expanded': isUsed,
    onClick: () => use(true),
    onPointerEnter: () => void opened.preload(),
    onFocus: () => void opened.preload(),
  });
  if (!isUsed) return button;
  return <opened.View {...props} fallback={button} onGone={() => use(false)} />;
}
