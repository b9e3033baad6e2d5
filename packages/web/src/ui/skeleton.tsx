import styles from './skeleton.module.css';

/** Grey placeholders for lines that are loading; hidden from screen readers, which learn it from `aria-busy`. */
export function SkeletonRows({ count, hasAvatar = false }: { count: number; hasAvatar?: boolean }) {
  return (
    <div className={styles.rows} aria-hidden>
      {Array.from({ length: count }, (_, index) => (
        <div key={index} className={styles.row}>
          {hasAvatar && <span className={styles.avatar} />}
          <span className={styles.lines}>
            <span className={styles.line} data-width={index % 3} />
            {hasAvatar && <span className={styles.line} data-width={(index + 1) % 4} />}
          </span>
        </div>
      ))}
    </div>
  );
}
