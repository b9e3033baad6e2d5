import { Tooltip } from 'radix-ui';
import { type ReactNode, useState } from 'react';
import { createPortal } from 'react-dom';
import styles from './tip.module.css';

export interface TipProps {
  anchor: HTMLElement;
  container: HTMLElement | null;
  onClose: () => void;
  children: ReactNode;
}

/** A tooltip at an element. Its code is loaded when the first one is shown. */
export function Tip({ anchor, container, onClose, children }: TipProps) {
  const [{ left, top, width, height }] = useState(() => anchor.getBoundingClientRect());
  return (
    <Tooltip.Provider>
      <Tooltip.Root open onOpenChange={(isOpen) => !isOpen && onClose()}>
        {createPortal(
          <Tooltip.Trigger asChild>
            <span aria-hidden className={styles.anchor} style={{ left, top, width, height }} />
          </Tooltip.Trigger>,
          container ?? document.body,
        )}
        <Tooltip.Portal container={container}>
          <Tooltip.Content className={styles.tip} sideOffset={6} collisionPadding={8}>
            {children}
          </Tooltip.Content>
        </Tooltip.Portal>
      </Tooltip.Root>
    </Tooltip.Provider>
  );
}
