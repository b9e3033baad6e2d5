/**
 * Whether a key belongs to an input method, such as the Enter that ends a Korean syllable or chooses a Japanese word: it
 * must then neither send, choose, move nor close anything. Chromium and Firefox set `isComposing`. Safari ends the
 * composition before the key event, where only the key code 229 shows it. Every field that reacts to Enter, arrows or
 * Escape asks this first.
 */
export function endsComposition(event: KeyboardEvent): boolean {
  // oxlint-disable-next-line typescript/no-deprecated -- Safari tells it by nothing else
  return event.isComposing || event.keyCode === 229;
}
