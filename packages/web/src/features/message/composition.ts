/**
 * Whether a key belongs to an input method, such as the Enter that ends a Korean syllable. Chromium and Firefox say
 * `isComposing`; Safari ends the composition before the key event, and only the key code 229 tells.
 */
export function endsComposition(event: KeyboardEvent): boolean {
  // oxlint-disable-next-line typescript/no-deprecated -- Safari tells it by nothing else
  return event.isComposing || event.keyCode === 229;
}
