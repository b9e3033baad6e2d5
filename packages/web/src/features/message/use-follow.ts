import type { Virtualizer } from '@tanstack/react-virtual';
import { useCallback, useState } from 'react';

/** How near to the end counts as being there, in px. */
export const AT_END_PX = 60;

type List = Virtualizer<HTMLDivElement, HTMLElement>;

/** Watches whether the list stands at its newest end. `onChange` is for the virtualizer. */
export function useFollow() {
  const [isAtEnd, setIsAtEnd] = useState(true);
  const onChange = useCallback((list: List) => {
    if (list.options.count > 0) setIsAtEnd(list.isAtEnd(AT_END_PX));
  }, []);
  return { isAtEnd, onChange };
}
