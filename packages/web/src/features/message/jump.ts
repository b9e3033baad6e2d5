import { useEffect } from 'react';
import { useLatest } from '../../ui/use-latest.js';

/** A message to go to. */
export interface JumpTarget {
  room: string;
  seq: number;
}

/** Goes to a message of the open room. Returns false if it can't. */
type Jump = (target: JumpTarget) => boolean;

/** Where a jump may lead: within the list that is open, or else to a list around the message. */
const places = ['list', 'room'] as const;

const jumps: { [Place in (typeof places)[number]]?: Jump } = {};

/** Goes to a message of the room that is open, with the focus on it. */
export function jumpTo(target: JumpTarget): void {
  places.some((place) => jumps[place]?.(target));
}

/** Takes jumps, as long as the component is there. */
export function useJumps(place: (typeof places)[number], jump: Jump): void {
  const latest = useLatest(jump);
  useEffect(() => {
    const own: Jump = (target) => latest.current(target);
    jumps[place] = own;
    return () => {
      if (jumps[place] === own) delete jumps[place];
    };
  }, [place, latest]);
}
