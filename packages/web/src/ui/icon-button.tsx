import { type ComponentProps, type ReactNode, use } from 'react';
import { classNames } from './class-names.js';
import styles from './icon-button.module.css';
import { PortalContainer } from './portal.js';
import { both, useTip } from './use-tip.js';

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
  const { shown, hide, handlers } = useTip();
  return (
    <>
      <button
        type="button"
        aria-label={label}
        {...rest}
        className={classNames(styles.button, styles[size], count !== undefined && styles.counting, className)}
        onPointerEnter={both(rest.onPointerEnter, handlers.onPointerEnter)}
        onPointerLeave={both(rest.onPointerLeave, handlers.onPointerLeave)}
        onPointerDown={both(rest.onPointerDown, handlers.onPointerDown)}
        onClick={both(rest.onClick, handlers.onClick)}
        onFocus={both(rest.onFocus, handlers.onFocus)}
        onBlur={both(rest.onBlur, handlers.onBlur)}
      >
        {children}
        {count !== undefined && <span aria-hidden>{count}</span>}
      </button>
      {shown && (
        <shown.Tip anchor={shown.anchor} container={container} onClose={hide}>
          {label}
          {keys && <kbd>{keys}</kbd>}
        </shown.Tip>
      )}
    </>
  );
}
