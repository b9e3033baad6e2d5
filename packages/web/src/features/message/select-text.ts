/**
 * Selects the text of a message; the user can then drag the ends, over other messages too. On touch screens a long press opens
 * the actions, so this is the only way to select text there. It lasts until nothing is selected.
 */
export function selectText(key: string): void {
  const row = document.querySelector<HTMLElement>(`[data-message="${CSS.escape(key)}"]`);
  const text = row?.querySelector('[data-testid=text]');
  const list = row?.closest<HTMLElement>('[role=log]');
  if (!list || !text) return;
  list.dataset['selecting'] = '';
  getSelection()?.selectAllChildren(text);
  const onChange = () => {
    if (getSelection()?.isCollapsed === false) return;
    delete list.dataset['selecting'];
    document.removeEventListener('selectionchange', onChange);
  };
  document.addEventListener('selectionchange', onChange);
}
