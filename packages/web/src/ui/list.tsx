import type { ReactNode } from 'react';
import styles from './list.module.css';

export interface ListEntryProps {
  icon?: ReactNode;
  title: ReactNode;
  /** One line about it. */
  about?: ReactNode;
  /** A longer text, cut after three lines. */
  text?: ReactNode;
  /** What can be done with it. */
  children?: ReactNode;
}

/** An entry of a `ul` in a dialog: what it is, and its buttons. */
export function ListEntry({ icon, title, about, text, children }: ListEntryProps) {
  return (
    <li className={styles.entry}>
      {icon}
      <div className={styles.words}>
        <p className={styles.title} title={textOf(title)}>
          {title}
        </p>
        {text && <div className={styles.text}>{text}</div>}
        {about && (
          <p className={styles.about} title={textOf(about)}>
            {about}
          </p>
        )}
      </div>
      {children}
    </li>
  );
}

/** The full text of a line that may be cut. */
function textOf(line: ReactNode): string | undefined {
  return typeof line === 'string' ? line : undefined;
}
