import { takesText } from '../ui/shortcuts.js';

/** A keyboard, or the bar of keys above a real one, is at least this high, in px. */
const KEYBOARD_PX = 40;

/**
 * Keeps the page, and the field that is written in, where an on-screen keyboard does not cover them. Most browsers shrink the
 * page as `index.html` asks for; Safari lays the keyboard over it, and tells only what is still seen. `theme/tokens.css` and
 * what is at the bottom of the page use the properties set here.
 */
export function keepAboveKeyboard(): void {
  const seen = visualViewport;
  if (!seen) return;
  const { style } = document.documentElement;
  let height = innerHeight;

  const fit = () => {
    // Zooming with two fingers shows less of the page, too.
    const visible = Math.round(seen.height * seen.scale);
    const isCovered = innerHeight - visible > KEYBOARD_PX;
    const top = isCovered && seen.scale < 1.01 ? Math.round(seen.offsetTop) : 0;
    set('--visible-height', isCovered && `${visible}px`);
    set('--visible-top', isCovered && `${top}px`);
    set('--keyboard', isCovered && `${Math.max(0, innerHeight - visible - top)}px`);
    // The space for the phone's own bar is below the keyboard.
    set('--safe-bottom', isCovered && '0px');
    const now = isCovered ? visible : innerHeight;
    if (now < height) showFocused();
    height = now;
  };
  const set = (name: string, value: string | false) => {
    if (value === false) style.removeProperty(name);
    else style.setProperty(name, value);
  };
  seen.addEventListener('resize', fit);
  seen.addEventListener('scroll', fit);
  window.addEventListener('resize', fit);
  fit();
}

/** Scrolls to the field that is written in, once everything around it has its new place. */
function showFocused(): void {
  requestAnimationFrame(() =>
    requestAnimationFrame(() => {
      const field = document.activeElement;
      if (takesText(field)) field?.scrollIntoView({ block: 'nearest' });
    }),
  );
}
