import { Tooltip } from 'radix-ui';
import { type ComponentProps, type ReactNode, use } from 'react';
import { classNames } from './class-names.js';
import styles from './icon-button.module.css';
import { PortalContainer } from './portal.js';

export interface IconButtonProps extends ComponentProps<'button'> {
  /** Its action: the accessible name and tooltip. */
  label: string;
  /** The equivalent keys, shown in the tooltip. */
  keys?: string;
  size?: 'medium' | 'small';
  children: ReactNode;
}

/** A button that is only an icon. */
export function IconButton({ label, keys, size = 'medium', className, children, ...rest }: IconButtonProps) {
  const container = use(PortalContainer);
  return (
    <Tooltip.Root>
      <Tooltip.Trigger asChild>
        <button
          type="button"
          aria-label={label}
          {...rest}
          className={classNames(styles.button, styles[size], className)}
        >
          {children}
        </button>
      </Tooltip.Trigger>
      <Tooltip.Portal container={container}>
        <Tooltip.Content className={styles.tip} sideOffset={6} collisionPadding={8}>
          {label}
          {keys && <kbd>{keys}</kbd>}
        </Tooltip.Content>
      </Tooltip.Portal>
    </Tooltip.Root>
  );
}
