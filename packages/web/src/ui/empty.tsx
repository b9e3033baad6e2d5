import type { ReactNode } from 'react';
import styles from './empty.module.css';

/** Shown in an empty place: why it is empty, and what to do. */
export function Empty(props: {
  icon?: ReactNode;
  title: string;
  /** It fills the page: its title is the page's. */
  isPage?: boolean;
  children?: ReactNode;
  actions?: ReactNode;
}) {
  return (
    <div className={styles.empty}>
      {props.icon && <div className={styles.icon}>{props.icon}</div>}
      {props.isPage ? <h1 className={styles.title}>{props.title}</h1> : <p className={styles.title}>{props.title}</p>}
      {props.children && <div className={styles.text}>{props.children}</div>}
      {props.actions && <div className={styles.actions}>{props.actions}</div>}
    </div>
  );
}
