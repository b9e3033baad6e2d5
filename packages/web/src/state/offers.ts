import { useEffect } from 'react';
import { useLatest } from '../ui/use-latest.js';

/** What a part of the page can do as long as it is there. The list of all actions (`features/action`) has their names. */
export type Offer = 'people' | 'searchPeople' | 'pins' | 'newest' | 'firstUnread' | 'editLast';

const offers = new Map<Offer, () => void>();

/** Offers an action while the component is there and `act` is not undefined. */
export function useOffer(name: Offer, act: (() => void) | undefined): void {
  const latest = useLatest(act);
  const isOffered = act !== undefined;
  useEffect(() => {
    if (!isOffered) return undefined;
    const own = () => latest.current?.();
    offers.set(name, own);
    return () => {
      if (offers.get(name) === own) offers.delete(name);
    };
  }, [name, isOffered, latest]);
}

/** The action, if it is offered at the moment. */
export function offered(name: Offer): (() => void) | undefined {
  return offers.get(name);
}
