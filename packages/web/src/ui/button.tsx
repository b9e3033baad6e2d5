import type { ComponentProps } from 'react';
import styles from './button.module.css';
import { classNames } from './class-names.js';

export interface ButtonProps extends ComponentProps<'button'> {
  /** `primary`: the main action. `quiet`: the others. `danger`: one that can't be undone. */
  tone?: 'primary' | 'quiet' | 'danger';
  size?: 'medium' | 'small';
  /** Shows that the action is in progress; the button stays focusable but does nothing. */
  isBusy?: boolean;
}

/** A button with words. */
export function Button({ tone = 'quiet', size = 'medium', isBusy, className, onClick, ...rest }: ButtonProps) {
  return (
    <button
      type="button"
      {...rest}
      aria-disabled={isBusy || undefined}
      data-busy={isBusy || undefined}
      className={classNames(styles.button, styles[tone], styles[size], className)}
      onClick={(event) => {
        if (isBusy) event.preventDefault();
        else onClick?.(event);
      }}
    />
  );
}
