/**
 * Selects the text of a message, which a finger can then make shorter, or longer over other messages. On touch screens a long press opens the
 * actions, so that text can be selected only from there, and until nothing is selected any more.
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
