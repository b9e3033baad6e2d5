import { useId } from 'react';
import styles from './option-row.module.css';

export interface OptionRowProps<Value extends string> {
  /** Its name for a screen reader: what is seen beside it says the same. */
  label: string;
  value: Value;
  options: readonly { value: Value; label: string; lang?: string }[];
  onChange: (value: Value) => void;
}

/** One of a few, side by side. */
export function OptionRow<Value extends string>({ label, value, options, onChange }: OptionRowProps<Value>) {
  const id = useId();
  return (
    <fieldset className={styles.options}>
      <legend className="visually-hidden">{label}</legend>
      {options.map((option) => (
        <label key={option.value} className={styles.option} lang={option.lang}>
          <input
            type="radio"
            name={id}
            value={option.value}
            checked={value === option.value}
            onChange={() => onChange(option.value)}
          />
          {option.label}
        </label>
      ))}
    </fieldset>
  );
}
