import { type ErrorObject, MadangError, type User, type UserRef } from '@madang/protocol';

/** A caller's session. `id` is the token's hash; a host app's user has an id that no token has. */
export interface Session {
  id: string;
  user: User;
}

/** The error of a call that needs a session and has none; `refusal` says why, if a rule is the reason. */
export function noSession(refusal: ErrorObject | undefined): MadangError {
  return new MadangError(refusal ?? { code: 'unauthenticated', message: 'Start a session first' });
}

/** A user as events and messages name them. */
export function refOf(user: UserRef): UserRef {
  return { id: user.id, name: user.name };
}

/** Whether a user can be in rooms and is shown to others. The operator runs the workspace, but isn't a person in it. */
export function isPerson(user: Pick<User, 'kind'>): boolean {
  return user.kind !== 'operator';
}
