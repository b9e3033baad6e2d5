/** Copies a text. Resolves to whether that worked; it may fail where no key or button was pressed just before. */
export async function copyToClipboard(text: string): Promise<boolean> {
  // Pages that came over plain HTTP don't have it, whatever the types say.
  const clipboard = navigator.clipboard as Clipboard | undefined;
  if (!clipboard) return copyFromField(text);
  try {
    await clipboard.writeText(text);
    return true;
  } catch {
    // Refused, as in a frame; the older way may still work.
    return copyFromField(text);
  }
}

/** Copies what is selected in a field made for it. The focus, and what was selected, are as before. */
function copyFromField(text: string): boolean {
  const focused = document.activeElement;
  const selection = getSelection();
  const selected = selection && selection.rangeCount > 0 ? selection.getRangeAt(0) : undefined;
  const field = document.createElement('textarea');
  field.value = text;
  field.readOnly = true;
  field.className = 'visually-hidden';
  // Outside an open dialog nothing can have the focus.
  (focused?.closest('dialog') ?? document.body).append(field);
  try {
    field.focus({ preventScroll: true });
    field.select();
    // oxlint-disable-next-line typescript/no-deprecated -- the only way there
    return document.execCommand('copy');
  } finally {
    field.remove();
    if (selected) {
      selection?.removeAllRanges();
      selection?.addRange(selected);
    }
    if (focused instanceof HTMLElement) focused.focus({ preventScroll: true });
  }
}
