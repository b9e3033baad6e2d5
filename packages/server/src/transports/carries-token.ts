/**
 * Whether a JSON text has a session's token in it: as a key, since in what somebody said the quotes would be escaped.
 * Such a text is never compressed: its length would tell whether something that others chose in the same text (a
 * room's name, a topic) is like the token, and who sees lengths could find it piece by piece (CRIME, BREACH).
 */
export function carriesToken(json: string): boolean {
  return json.includes('"token":');
}
