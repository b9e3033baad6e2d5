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
  /** A number beside the icon. `label` should say it, too. */
  count?: number | undefined;
  children: ReactNode;
}

/** A button that is an icon, perhaps with a number. */
export function IconButton({ label, keys, size = 'medium', count, className, children, ...rest }: IconButtonProps) {
  const container = use(PortalContainer);
  return (
    <Tooltip.Root>
      <Tooltip.Trigger asChild>
        <button
          type="button"
          aria-label={label}
          {...rest}
          className={classNames(styles.button, styles[size], count !== undefined && styles.counting, className)}
        >
          {children}
          {count !== undefined && <span aria-hidden>{count}</span>}
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
