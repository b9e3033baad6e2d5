import type { ViewMessage } from '@madang/client';
import { languageOf } from '../../i18n/i18n.js';
import { useTexts } from '../../i18n/use-texts.js';
import { formatList } from '../../state/format-time.js';
import { classNames } from '../../ui/class-names.js';
import styles from './reaction-bar.module.css';

const NAMED = 10;

/** The emoji on a message; pressing one adds or removes the user's own, if they may react. */
export function ReactionBar({ message, onReact }: { message: ViewMessage; onReact: (emoji: string) => void }) {
  const { t, i18n } = useTexts();
  if (!message.reactions?.length) return null;
  return (
    <div className={styles.bar}>
      {message.reactions.map(({ emoji, count, users, reacted }) => {
        const names = formatList(
          languageOf(i18n),
          users.slice(0, NAMED).map((user) => user.name),
        );
        const label = t('message.reaction', { emoji, count, names });
        return (
          <button
            key={emoji}
            type="button"
            className={classNames(styles.reaction, reacted && styles.mine)}
            aria-pressed={reacted ?? false}
            disabled={!message.can?.react}
            aria-label={label}
            title={
              message.can?.react ? `${label}\n${t(reacted ? 'message.reactionRemove' : 'message.reactionAdd')}` : label
            }
            onClick={() => onReact(emoji)}
          >
            <span className={styles.emoji}>{emoji}</span>
            <span className={styles.count}>{count}</span>
          </button>
        );
      })}
    </div>
  );
}
