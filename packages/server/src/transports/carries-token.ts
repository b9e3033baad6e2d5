/**
 * Whether a JSON text contains a session's token, as a key: in what a user wrote, the quotes would be escaped. Such a
 * text is never compressed. Its length would tell whether something that others chose in the same text (a room's name,
 * a topic) resembles the token, and an eavesdropper could find it piece by piece (CRIME, BREACH).
 */
export function carriesToken(json: string): boolean {
  return json.includes('"token":');
}
