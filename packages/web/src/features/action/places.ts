/** Gives the focus to the field for writing. */
export function toComposer(): void {
  focusOn('#composer');
}

/** Gives the focus to the message that the Tab key would reach. */
export function toMessages(): void {
  focusOn('[role="log"] [data-message][tabindex="0"]');
}

/** Gives the focus to the list of rooms, if it is there. */
export function toRooms(): boolean {
  return focusOn('nav a[data-room][aria-current]') || focusOn('nav a[data-room]');
}

/** Gives the focus to the message that is being edited, or only tells whether there is one. */
export function toEditor(isGoing = true): boolean {
  const editor = '[role="log"] textarea';
  return isGoing ? focusOn(editor) : document.querySelector(editor) !== null;
}

function focusOn(selector: string): boolean {
  const element = document.querySelector<HTMLElement>(selector);
  element?.focus();
  return element !== null;
}
