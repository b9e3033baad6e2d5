import { ChevronDown, ChevronUp } from 'lucide-react';
import { type FocusEvent, type ReactNode, type RefObject, useId, useLayoutEffect, useRef, useState } from 'react';
import { useTexts } from '../../i18n/use-texts.js';
import { classNames } from '../../ui/class-names.js';
import styles from './foldable.module.css';
import { keepInPlace } from './place-keeper.js';

/** A text with fewer lines and characters than these fits on every screen, so that it needs no measuring. */
const SHORT_LINES = 12;
const SHORT_CHARS = 500;

/** How many lines stay. */
const FOLDED_LINES = 16;

/** Folding must save this many times the height of what stays, or it is not worth a click. */
const WORTH = 1.3;

const KEPT = 200;

/** The texts that the user has unfolded: their rows come and go while scrolling. */
const unfolded = new Set<string>();

export interface FoldableProps {
  text: string;
  children: ReactNode;
}

/** A message's text, of which only the beginning is shown if it is long, until the user asks for the rest. */
export function Foldable({ text, children }: FoldableProps) {
  return isShort(text) ? children : <Folding text={text}>{children}</Folding>;
}

function isShort(text: string): boolean {
  if (text.length > SHORT_CHARS) return false;
  let lines = 1;
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) lines += 1;
  return lines <= SHORT_LINES;
}

function Folding({ text, children }: FoldableProps) {
  const { t } = useTexts();
  const id = useId();
  const box = useRef<HTMLDivElement>(null);
  const button = useRef<HTMLButtonElement>(null);
  const [isOpen, setIsOpen] = useState(() => unfolded.has(text));
  const isLong = useIsLong(box);
  const isFolded = isLong && !isOpen;

  const change = (open: boolean) => {
    // What was read stays where it is, and so does the button that folds it again.
    keepInPlace(open ? box.current : button.current);
    if (open && unfolded.size >= KEPT) unfolded.clear();
    if (open) unfolded.add(text);
    else unfolded.delete(text);
    setIsOpen(open);
  };

  // The Tab key goes to links that are not shown.
  const onFocus = ({ target, currentTarget }: FocusEvent) => {
    if (!isFolded) return;
    if (target.getBoundingClientRect().bottom > currentTarget.getBoundingClientRect().bottom) change(true);
  };

  return (
    <>
      <div
        ref={box}
        id={id}
        className={classNames(styles.box, isFolded && styles.folded)}
        style={isFolded ? { maxHeight: `${FOLDED_LINES}lh` } : undefined}
        onFocus={onFocus}
      >
        <div>{children}</div>
      </div>
      {isLong && (
        <button
          ref={button}
          type="button"
          className={styles.button}
          aria-expanded={isOpen}
          aria-controls={id}
          onClick={() => change(!isOpen)}
        >
          {isOpen ? <ChevronUp size={16} aria-hidden /> : <ChevronDown size={16} aria-hidden />}
          {t(isOpen ? 'message.showLess' : 'message.showMore')}
        </button>
      )}
    </>
  );
}

/** Whether what is in a box is so high that it should be folded, at the width that it has now. */
function useIsLong(box: RefObject<HTMLDivElement | null>): boolean {
  const [isLong, setIsLong] = useState(false);
  useLayoutEffect(() => {
    const outer = box.current;
    const inner = outer?.firstElementChild;
    if (!outer || !inner) return undefined;
    const measure = () => {
      const lineHeight = Number.parseFloat(getComputedStyle(outer).lineHeight);
      setIsLong(inner.scrollHeight > FOLDED_LINES * lineHeight * WORTH);
    };
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(inner);
    return () => observer.disconnect();
  }, [box]);
  return isLong;
}
