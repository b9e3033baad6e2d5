import type { Client, Observable, RoomView, SessionAbilities } from '@madang/client';
import type { Room, User } from '@madang/protocol';
import { createContext, type ReactNode, use, useMemo, useState, useSyncExternalStore } from 'react';
import { onceAFrame } from './once-a-frame.js';

const ClientContext = createContext<Client | undefined>(undefined);

/** Provides the client to everything below. */
export function ClientProvider({ client, children }: { client: Client; children: ReactNode }) {
  return <ClientContext value={client}>{children}</ClientContext>;
}

/** The client. */
export function useClient(): Client {
  const client = use(ClientContext);
  if (!client) throw new Error('There is no ClientProvider above');
  return client;
}

/** The current value of an observable. The component is rendered again when that value changes, at most once a frame. */
export function useObservable<T>(observable: Observable<T>): T {
  // The same functions each time: with a new one React would subscribe again at each render.
  return useSyncExternalStore(onceAFrame(observable), observable.get);
}

/** The signed-in user. Only for components below the screen that needs a session. */
export function useUser(): User {
  const user = useObservable(useClient().user);
  const last = useLast(user);
  if (!last) throw new Error('Nobody is signed in');
  return last;
}

/** What the user may do in the workspace. Anything unknown is offered: the server has the last word. */
export function useAbilities(): SessionAbilities {
  const can = useObservable(useClient().can);
  return useLast(can) ?? everything;
}

const everything: SessionAbilities = { createRooms: true, openDirects: true, rename: true, signOut: true };

/** The caller's rooms. */
export function useRooms(): readonly Room[] {
  return useObservable(useClient().rooms);
}

/** A room's view. Components watch those of its slices that they show. */
export function useRoomView(id: string): RoomView {
  const client = useClient();
  return useMemo(() => client.room(id), [client, id]);
}

/** The last value that was not undefined: a screen about to disappear must not fail for lack of it. */
function useLast<T>(value: T | undefined): T | undefined {
  const [last, setLast] = useState(value);
  if (value !== undefined && value !== last) setLast(value);
  return value ?? last;
}
