import type { User, UserRef } from '@madang/protocol';

/** A session: who calls. `id` is the token's hash, or for a host app's user their own id. */
export interface Session {
  id: string;
  user: User;
}

/** A user as events and messages name them. */
export function refOf(user: UserRef): UserRef {
  return { id: user.id, name: user.name };
}
