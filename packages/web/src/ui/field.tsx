import { type ComponentProps, type ReactNode, useId } from 'react';
import { classNames } from './class-names.js';
import { endsComposition } from './composition.js';
import styles from './field.module.css';

export interface TextFieldProps extends Omit<ComponentProps<'input'>, 'onChange' | 'value'> {
  label: string;
  value: string;
  onValueChange: (value: string) => void;
  /** Shown below, and tied to the input. */
  hint?: ReactNode;
  /** What is wrong with the value; replaces the hint and is announced. */
  error?: string | undefined;
  isLabelHidden?: boolean;
}

/** A line of text with its label, hint and error. */
export function TextField({
  label,
  value,
  onValueChange,
  hint,
  error,
  isLabelHidden,
  className,
  ...rest
}: TextFieldProps) {
  const id = useId();
  const note = error ?? hint;
  return (
    <div className={classNames(styles.field, className)}>
      <label htmlFor={id} className={isLabelHidden ? 'visually-hidden' : styles.label}>
        {label}
      </label>
      <input
        autoComplete="off"
        {...rest}
        id={id}
        className={styles.input}
        value={value}
        aria-invalid={error ? true : undefined}
        aria-describedby={note ? `${id}-note` : undefined}
        onChange={(event) => onValueChange(event.target.value)}
        onKeyDown={(event) => {
          // It must not submit a form.
          if (event.key === 'Enter' && endsComposition(event.nativeEvent)) event.preventDefault();
        }}
      />
      <div
        id={`${id}-note`}
        className={error ? styles.error : styles.hint}
        role={error ? 'alert' : undefined}
        hidden={!note}
      >
        {note}
      </div>
    </div>
  );
}
