import { type ErrorObject, MadangError, type User, type UserRef } from '@madang/protocol';

/** A session: who calls. `id` is the token's hash; a host app's user has one that no token has. */
export interface Session {
  id: string;
  user: User;
}

/** The error of a call that needs a session, by whoever has none; `refusal` says why, where a rule is the reason. */
export function noSession(refusal: ErrorObject | undefined): MadangError {
  return new MadangError(refusal ?? { code: 'unauthenticated', message: 'Start a session first' });
}

/** A user as events and messages name them. */
export function refOf(user: UserRef): UserRef {
  return { id: user.id, name: user.name };
}

/** Whether somebody can be in rooms and is shown to others. The operator runs the workspace, and is nobody in it. */
export function isPerson(user: User): boolean {
  return user.kind !== 'operator';
}
