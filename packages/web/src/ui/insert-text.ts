/**
 * Inserts text at a field's cursor, in place of what is selected, as if it was typed: the field has the focus after it, its
 * `onChange` is called, and undo takes the text back, together with all that was typed before it.
 */
export function insertText(field: HTMLTextAreaElement, text: string): void {
  field.focus();
  // oxlint-disable-next-line typescript/no-deprecated -- nothing else keeps the browser's own undo
  if (document.execCommand('insertText', false, text)) return;
  field.setRangeText(text, field.selectionStart, field.selectionEnd, 'end');
  field.dispatchEvent(new InputEvent('input', { bubbles: true, inputType: 'insertText', data: text }));
}
